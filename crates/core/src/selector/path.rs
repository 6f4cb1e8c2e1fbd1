//! `path:`: files and directories of the root project.
//!
//! dbt looks the pattern up on the disk, below the root project's directory, and takes the nodes whose file
//! was found or lies below a directory that was found. Here the disk is not at hand: the files that the root
//! project's nodes come from, and the directories above them, stand for it.

use std::collections::HashSet;

use super::glob::Glob;

/// A pattern over a path's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern {
    parts: Vec<PathPart>,
    /// A slash at the end, or a final `**`, finds directories alone.
    is_directory: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathPart {
    /// `**`: this directory and all below it.
    AnyDirectories,
    /// One part, in which `*` does not cross a slash.
    One(Glob),
}

impl PathPattern {
    /// Reads a pattern; `None` for an absolute one.
    pub fn new(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return None;
        }
        let parts: Vec<PathPart> = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(|part| match part {
                "**" => PathPart::AnyDirectories,
                other => PathPart::One(Glob::new(other)),
            })
            .collect();
        Some(Self {
            is_directory: text.ends_with('/') || parts.last() == Some(&PathPart::AnyDirectories),
            parts,
        })
    }

    /// The files and directories that the pattern finds among the files.
    pub fn find<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> HashSet<&'a str> {
        let mut found = HashSet::new();
        let mut seen = HashSet::new();
        for file in files {
            let mut path = file;
            while seen.insert(path) {
                let is_directory = path.len() < file.len();
                if self.finds(path, is_directory) {
                    found.insert(path);
                }
                let Some(parent) = parent(path) else { break };
                path = parent;
            }
        }
        found
    }

    fn finds(&self, path: &str, is_directory: bool) -> bool {
        if self.is_directory && !is_directory {
            return false;
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        fits(&self.parts, &parts)
    }
}

/// Whether the parts fit the pattern. A row per pattern part says which numbers of path parts it and those
/// before can take, so that many `**` take no exponential time.
fn fits(pattern: &[PathPart], path: &[&str]) -> bool {
    let mut taken = vec![false; path.len() + 1];
    taken[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        match part {
            PathPart::AnyDirectories => {
                let mut is_reached = false;
                for (at, slot) in next.iter_mut().enumerate() {
                    is_reached |= taken[at];
                    *slot = is_reached;
                }
            }
            PathPart::One(glob) => {
                for (at, name) in path.iter().enumerate() {
                    next[at + 1] = taken[at] && glob.matches(name);
                }
            }
        }
        taken = next;
    }
    taken[path.len()]
}

/// The directory a path lies in; the root directory, the empty path, lies in none.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rfind('/') {
        Some(at) => Some(&path[..at]),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FILES: [&str; 4] = [
        "models/marts/core/orders.sql",
        "models/marts/orders.sql",
        "models/schema.yml",
        "seeds/countries.csv",
    ];

    #[rstest]
    #[case("models/marts", &["models/marts"])]
    #[case("./models/marts/", &["models/marts"])]
    #[case("models/schema.yml/", &[])]
    #[case("models/*.yml", &["models/schema.yml"])]
    #[case("models/m*", &["models/marts"])]
    #[case("m*s/*s/orders.sql", &["models/marts/orders.sql"])]
    #[case("models/**/orders.sql", &["models/marts/core/orders.sql", "models/marts/orders.sql"])]
    #[case("models/**", &["models", "models/marts", "models/marts/core"])]
    #[case("marts", &[])]
    #[case("models/marts/../marts", &[])]
    #[case(".", &[""])]
    fn files_and_directories_are_found(#[case] pattern: &str, #[case] expected: &[&str]) {
        let mut found: Vec<_> = PathPattern::new(pattern)
            .unwrap()
            .find(FILES)
            .into_iter()
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_absolute_path_is_refused() {
        assert_eq!(PathPattern::new("/models"), None);
    }
}
