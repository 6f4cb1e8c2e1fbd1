//! Versions of crates that must not come in, for tests either.
//!
//! A checkout has no copy of the advisory database, and fetching one would make the tests depend on the
//! network. So this is a short list kept by hand: advisories that touch what this workspace uses or could
//! easily come to use, and crates that it has decided against.

use cargo_metadata::semver::VersionReq;

use crate::graph::Graph;

/// A crate, the versions that are bad, and why.
const KNOWN_BAD: &[(&str, &str, &str)] = &[
    ("atty", "*", "unsound and unmaintained (RUSTSEC-2021-0145)"),
    (
        "crossbeam-channel",
        ">=0.5.12, <0.5.15",
        "frees twice on drop (RUSTSEC-2025-0024)",
    ),
    (
        "h2",
        "<0.4.4",
        "floods of frames exhaust memory (RUSTSEC-2024-0332)",
    ),
    (
        "idna",
        "<1.0.0",
        "accepts look-alike host names (RUSTSEC-2024-0421)",
    ),
    (
        "quick-xml",
        "<0.41.0",
        "decided against: 0.41 is the oldest to be used",
    ),
    ("ring", "<0.17.12", "panics on overflow (RUSTSEC-2025-0009)"),
    ("rustls", "<0.23.5", "reads for ever (RUSTSEC-2024-0336)"),
    ("serde_yaml", "*", "decided against: archived"),
    ("serde_yml", "*", "unsound and unmaintained (RUSTSEC-2025-0068)"),
    (
        "sqlx",
        "<0.8.1",
        "binary protocol misreads long values (RUSTSEC-2024-0363)",
    ),
    (
        "tokio",
        "<1.44.2",
        "broadcast channel clones without `Sync` (RUSTSEC-2025-0023)",
    ),
    (
        "tracing-subscriber",
        "<0.3.20",
        "lets escape sequences into logs (RUSTSEC-2025-0055)",
    ),
];

/// Every package in a version that is known to be bad, in words.
pub fn found(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for package in graph.packages() {
        for (name, versions, why) in KNOWN_BAD {
            // A rule that can not be read must not pass for one that nothing breaks.
            let is_bad = VersionReq::parse(versions).map_or(true, |bad| bad.matches(&package.version));
            if package.name == *name && is_bad {
                findings.push(format!("{name} {}: {why}", package.version));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_read() {
        for (name, versions, _) in KNOWN_BAD {
            assert!(VersionReq::parse(versions).is_ok(), "{name}");
        }
    }

    #[test]
    fn bad_versions_are_found_and_good_ones_are_not() {
        let graph = Graph::default()
            .with("quick-xml", "0.40.9", Some("MIT"))
            .with("quick-xml", "0.42.0", Some("MIT"))
            .with("serde_yaml", "0.9.34", Some("MIT"));
        assert_eq!(
            found(&graph),
            [
                "quick-xml 0.40.9: decided against: 0.41 is the oldest to be used",
                "serde_yaml 0.9.34: decided against: archived"
            ]
        );
    }
}
