//! The other artifacts, each by its own reader, and the question which one it is.

use tailwater_dbt::{ArtifactKind, read_catalog, read_run_results, read_sources, recognize};

use super::Target;
use crate::property::{is_tame_error, survives_the_store};

pub const TARGET: Target = Target {
    name: "artifact",
    run,
    words: &[
        "\"metadata\"",
        "\"results\"",
        "\"status\"",
        "\"timing\"",
        "\"unique_id\"",
        "\"max_loaded_at\"",
        "\"criteria\"",
        "\"columns\"",
        "\"nodes\"",
        "\"sources\"",
        "\"execution_time\"",
        "\"dbt_schema_version\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"run-results/v6\"",
        "\"catalog/v1\"",
        "\"sources/v3\"",
        "\"inf\"",
        "\"2024-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:60Z\"",
    ],
    mutations: 8_000,
};

fn run(bytes: &[u8]) {
    let is = |kind: ArtifactKind, path: &str| {
        let recognized = recognize(bytes, path);
        assert!(
            recognized.as_ref().is_ok_and(|found| *found == kind),
            "{kind:?}: {recognized:?}"
        );
    };
    if let Err(error) = recognize(bytes, "upload") {
        is_tame_error(&error);
    }
    match read_run_results(bytes, "run_results.json") {
        Ok(results) => {
            survives_the_store(&results);
            is(ArtifactKind::RunResults, "run_results.json");
        }
        Err(error) => is_tame_error(&error),
    }
    match read_sources(bytes, "sources.json") {
        Ok(freshness) => {
            survives_the_store(&freshness);
            is(ArtifactKind::Sources, "sources.json");
        }
        Err(error) => is_tame_error(&error),
    }
    match read_catalog(bytes, "catalog.json") {
        Ok(catalog) => {
            survives_the_store(&catalog);
            is(ArtifactKind::Catalog, "catalog.json");
        }
        Err(error) => is_tame_error(&error),
    }
}
