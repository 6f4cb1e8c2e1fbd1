//! Which artifact a file is, by what it says of itself; never by its name.

use std::io::Read;

use serde::Deserialize;

use crate::artifact::{ArtifactKind, WireMetadata};
use crate::error::Error;
use crate::lenient::Block;
use crate::manifest::read_head;
use crate::sniff;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireHead {
    metadata: Block<WireMetadata>,
}

/// The kind of the artifact that these bytes are. `origin` names them in messages. The whole text is read
/// over, so that what is cut off or damaged is refused here.
///
/// # Errors
/// What is no artifact, or one that this release does not use, is refused with what it seems to be.
pub fn recognize(bytes: &[u8], origin: &str) -> Result<ArtifactKind, Error> {
    let likely = likely_kind(origin);
    let head = sniff::read_object(bytes, origin, likely, |json| {
        serde_json::from_slice::<WireHead>(json)
    })?;
    let metadata = head.metadata.0;
    match metadata.kind() {
        Some(kind) => Ok(kind),
        // What it is instead, in the words of the reader that would have read it.
        None => match metadata.check(likely, origin, || sniff::describe_object(bytes)) {
            Ok(_) => Ok(likely),
            Err(error) => Err(error),
        },
    }
}

/// Whether a text says of itself that it is a manifest. It is read up to where it says so; that the rest is whole is
/// known when it is read. `false` also of what only [`recognize`] understands, or explains.
pub fn is_manifest(source: impl Read) -> bool {
    read_head(source).is_some_and(|head| head.kind() == Some(ArtifactKind::Manifest))
}

/// The kind that a file's name promises; a manifest without one.
fn likely_kind(origin: &str) -> ArtifactKind {
    let named = |kind: &ArtifactKind| {
        let name = kind.file_name().trim_end_matches(".json");
        origin.contains(name)
    };
    ArtifactKind::ALL
        .into_iter()
        .find(named)
        .unwrap_or(ArtifactKind::Manifest)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    #[rstest]
    #[case("manifest/v12", ArtifactKind::Manifest)]
    #[case("run-results/v6", ArtifactKind::RunResults)]
    #[case("sources/v3", ArtifactKind::Sources)]
    #[case("catalog/v1", ArtifactKind::Catalog)]
    fn content_decides(#[case] schema: &str, #[case] kind: ArtifactKind) {
        let text = format!(
            r#"{{"nodes": {{}}, "metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{schema}.json"}}}}"#
        );
        assert_eq!(recognize(text.as_bytes(), "upload").unwrap(), kind);
    }

    #[rstest]
    #[case(
        r#"{"a": [1], "metadata": {"dbt_schema_version": "dbt/manifest/v12.json"}, and then"#,
        true
    )]
    #[case(r#"{"metadata": {"dbt_schema_version": "dbt/catalog/v1.json"}}"#, false)]
    #[case(r#"{"metadata": {"dbt_schema_version": "dbt/manifest/v12.json""#, false)]
    #[case(r#"{"metadata": 1, "nodes": {}}"#, false)]
    #[case(r#"[{"metadata": {"dbt_schema_version": "dbt/manifest/v12.json"}}]"#, false)]
    #[case("{}", false)]
    #[case("<html>", false)]
    #[case("", false)]
    fn a_manifest_is_known_by_its_head(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_manifest(text.as_bytes()), expected);
    }

    #[rstest]
    #[case("", "TW-DBT-EMPTY")]
    #[case("{\"metadata\": {", "TW-DBT-TRUNCATED")]
    #[case("<html>", "TW-DBT-OTHER-FORMAT")]
    #[case("{}", "TW-DBT-NOT-AN-ARTIFACT")]
    #[case(
        r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/freshness/v1.json"}}"#,
        "TW-DBT-WRONG-ARTIFACT"
    )]
    fn what_is_none_is_refused_with_what_it_seems(#[case] text: &str, #[case] code: &str) {
        assert_eq!(recognize(text.as_bytes(), "upload").unwrap_err().code(), code);
    }
}
