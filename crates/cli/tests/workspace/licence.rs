//! Under which licences the shipped dependencies come. Tailwater itself is under Apache-2.0, so whatever it
//! ships must allow that.

use crate::graph::{Graph, Package};

/// Licences, by SPDX identifier, under which a dependency may come.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Mozilla's list of root certificates, as data.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    // Of the sanitizer's CSS reader, unchanged: its copyleft ends at its own files.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages whose manifest names a file instead of a licence: name, version, and the licence that somebody
/// read in that file. Another version has to be read again.
const READ_BY_HAND: &[(&str, &str, &str)] = &[("jsonpath-rust", "0.3.5", "MIT")];

/// Every shipped package that comes under no allowed licence, in words.
pub fn refused(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for package in graph.shipped() {
        let Some(expression) = package.licence.as_deref().or_else(|| read_by_hand(package)) else {
            findings.push(format!("{} {} names no licence", package.name, package.version));
            continue;
        };
        match is_allowed(expression) {
            Ok(true) => {}
            Ok(false) => findings.push(format!(
                "{} {} comes under `{expression}`",
                package.name, package.version
            )),
            Err(problem) => findings.push(format!(
                "{} {}: licence `{expression}` can not be read: {problem}",
                package.name, package.version
            )),
        }
    }
    findings
}

fn read_by_hand(package: &Package) -> Option<&'static str> {
    READ_BY_HAND
        .iter()
        .find(|(name, version, _)| package.name == *name && package.version.to_string() == *version)
        .map(|(_, _, licence)| *licence)
}

/// Whether an SPDX licence expression can be met with allowed licences alone: of `OR` (and the older `/`)
/// one side is enough, of `AND` both are needed; `AND` binds closer (SPDX 2.3, annex D).
fn is_allowed(expression: &str) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut tokens: Tokens = spaced.split_whitespace().peekable();
    let answer = either(&mut tokens)?;
    match tokens.next() {
        None => Ok(answer),
        Some(token) => Err(format!("`{token}` is not expected there")),
    }
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    let mut answer = both(tokens)?;
    while tokens.next_if_eq(&"OR").is_some() {
        // Not `||`: the other side must be read in any case.
        answer |= both(tokens)?;
    }
    Ok(answer)
}

fn both(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    let mut answer = one(tokens)?;
    while tokens.next_if_eq(&"AND").is_some() {
        answer &= one(tokens)?;
    }
    Ok(answer)
}

fn one(tokens: &mut Tokens<'_>) -> Result<bool, String> {
    match tokens.next() {
        Some("(") => {
            let answer = either(tokens)?;
            tokens
                .next_if_eq(&")")
                .map(|_| answer)
                .ok_or_else(|| "a parenthesis is not closed".to_owned())
        }
        None | Some("AND" | "OR" | "WITH" | ")") => Err("a licence is missing".to_owned()),
        Some(identifier) => {
            let mut licence = identifier.to_owned();
            if tokens.next_if_eq(&"WITH").is_some() {
                let exception = tokens.next().ok_or("an exception is missing")?;
                licence = format!("{licence} WITH {exception}");
            }
            Ok(ALLOWED.contains(&licence.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("GPL-3.0-only OR MIT", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("GPL-2.0/AGPL-3.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", false),
            // `AND` binds closer than `OR`.
            ("MIT OR GPL-2.0 AND GPL-3.0", true),
            ("(MIT OR GPL-2.0) AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("((MIT))", true),
        ] {
            assert_eq!(is_allowed(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in [
            "",
            "MIT OR",
            "AND MIT",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
            "MIT WITH",
        ] {
            assert!(is_allowed(expression).is_err(), "{expression}");
        }
    }

    #[test]
    fn a_licence_deep_below_is_found() {
        let graph = Graph::default()
            .with("deep", "2.1.0", Some("AGPL-3.0-only"))
            .with("nameless", "0.1.0", None)
            .ships("tailwater-core", "shallow")
            .ships("shallow", "deep")
            .ships("deep", "nameless");
        assert_eq!(
            refused(&graph),
            [
                "deep 2.1.0 comes under `AGPL-3.0-only`",
                "nameless 0.1.0 names no licence"
            ]
        );
    }

    #[test]
    fn a_licence_read_by_hand_counts_for_that_version_alone() {
        for (version, findings) in [("0.3.5", 0), ("0.3.6", 1)] {
            let graph = Graph::default()
                .with("jsonpath-rust", version, None)
                .ships("tailwater-tableau-sim", "jsonpath-rust");
            assert_eq!(refused(&graph).len(), findings, "{version}");
        }
    }

    #[test]
    fn what_only_tests_use_is_not_shipped() {
        let graph = Graph::default()
            .with("checker", "1.0.0", Some("GPL-3.0-only"))
            .develops_with("tailwater-core", "checker");
        assert_eq!(refused(&graph), Vec::<String>::new());
    }
}
