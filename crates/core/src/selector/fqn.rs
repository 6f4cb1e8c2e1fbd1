//! The default method: a node by the dotted path of its package, folders and name.
//!
//! A word matches a node (dbt-core 1.11, `is_selected_node`) when, with the package or without it, the word
//! is the node's own name, or the word's parts are the first parts of its path; from the first part with a
//! wildcard on, the rest is one pattern. A versioned model's last part is its version, so its name is the
//! part before: `dim`, `dim.v2` and `dim_v2` all name it.

use super::glob::Glob;

/// A word to find nodes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FqnPattern {
    word: String,
    parts: Vec<String>,
    /// From the first part with a wildcard on.
    tail: Option<(usize, Glob)>,
    /// The whole word, when it has a wildcard and no dot: then it may also match a name anywhere.
    name: Option<Glob>,
}

impl FqnPattern {
    /// Reads a word. Every text is one.
    pub fn new(word: &str) -> Self {
        let parts: Vec<String> = word.split('.').map(str::to_owned).collect();
        let tail = parts
            .iter()
            .position(|part| part.contains(['*', '?', '[', ']']))
            .map(|at| (at, Glob::new(&parts[at..].join("."))));
        Self {
            name: (tail.is_some() && parts.len() == 1).then(|| Glob::new(word)),
            word: word.to_owned(),
            parts,
            tail,
        }
    }

    /// Whether a node is meant. `is_versioned` says that the last part of the path is a model's version.
    pub fn matches(&self, fqn: &[String], is_versioned: bool) -> bool {
        self.matches_path(fqn, is_versioned)
            || fqn
                .split_first()
                .is_some_and(|(_, without_package)| self.matches_path(without_package, is_versioned))
    }

    fn matches_path(&self, path: &[String], is_versioned: bool) -> bool {
        let name = match path {
            [.., name, _] if is_versioned => name,
            [.., name] if !is_versioned => name,
            _ => return false,
        };
        if *name == self.word || (is_versioned && self.names_version(path)) {
            return true;
        }
        // A dot inside a name separates like one between names.
        let flat: Vec<&str> = path.iter().flat_map(|part| part.split('.')).collect();
        if flat.len() < self.parts.len() {
            return false;
        }
        let fixed = self.tail.as_ref().map_or(self.parts.len(), |(at, _)| *at);
        if !self.parts[..fixed]
            .iter()
            .zip(&flat)
            .all(|(own, part)| own == part)
        {
            return false;
        }
        match &self.tail {
            None => true,
            Some((at, tail)) => {
                tail.matches(&flat[*at..].join("."))
                    || self.name.as_ref().is_some_and(|pattern| pattern.matches(name))
            }
        }
    }

    /// `dim.v2` or `dim_v2`, with anything before.
    fn names_version(&self, path: &[String]) -> bool {
        let last_two = |parts: &[String]| parts[parts.len().saturating_sub(2)..].join("_");
        last_two(path) == last_two(&self.parts)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Every case was asked of `is_selected_node` of dbt-core 1.11.16.
    #[rstest]
    #[case("orders", "shop.marts.orders", true)]
    #[case("marts", "shop.marts.orders", true)]
    #[case("shop", "shop.marts.orders", true)]
    #[case("marts.orders", "shop.marts.orders", true)]
    #[case("core.orders", "shop.marts.core.orders", false)]
    #[case("shop.orders", "shop.marts.orders", false)]
    #[case("ord*", "shop.marts.orders", true)]
    #[case("shop.*.orders", "shop.marts.core.orders", true)]
    #[case("*.marts.*", "shop.marts.orders", true)]
    #[case("shop.marts.orders.x", "shop.marts.orders", false)]
    #[case("", "shop.marts.orders", false)]
    fn words_name_nodes(#[case] word: &str, #[case] fqn: &str, #[case] expected: bool) {
        let fqn: Vec<String> = fqn.split('.').map(str::to_owned).collect();
        assert_eq!(FqnPattern::new(word).matches(&fqn, false), expected);
    }

    #[rstest]
    #[case("dim", true)]
    #[case("dim.v2", true)]
    #[case("dim_v2", true)]
    #[case("shop.marts.dim.v2", true)]
    #[case("anything.dim.v2", true)]
    #[case("dim.v1", false)]
    #[case("v2", false)]
    #[case("d?m", true)]
    #[case("marts", true)]
    fn versioned_models_have_several_names(#[case] word: &str, #[case] expected: bool) {
        let fqn = ["shop", "marts", "dim", "v2"].map(str::to_owned);
        assert_eq!(FqnPattern::new(word).matches(&fqn, true), expected);
    }

    #[test]
    fn a_path_that_is_too_short_matches_nothing() {
        assert!(!FqnPattern::new("a").matches(&[], false));
        assert!(!FqnPattern::new("a").matches(&["b".to_owned()], true));
    }
}
