//! The YAML files of a dbt project, as far as exposures need them: what they declare, and the one edit that is
//! ever made in a file that people keep.

mod adopt;
mod exposure;
mod project;

pub use adopt::{Refusal, with_asset_id};
pub use exposure::{DeclaredExposure, read_exposures, scan_exposures};
pub use project::{ProjectFile, read_project_file};

use serde::de::DeserializeOwned;

use crate::error::Error;

/// Reads a YAML text. `origin` names it in errors.
fn read<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, Error> {
    // Ten thousand exposures in one file are no attack.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| Error::Yaml {
        origin: origin.to_owned(),
        problem: error.to_string(),
    })
}
