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

/// How much aliases may repeat in a short text, in events of the parser; longer ones may as much more as they are long.
const MOST_REPLAYED: usize = 20_000;

/// Reads a YAML text. `origin` names it in errors.
fn read<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, Error> {
    // Ten thousand exposures in one file are no attack, whatever they share. A few lines whose aliases stand for
    // millions are one.
    let options = serde_saphyr::options! {
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_REPLAYED + text.len(),
        },
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_aliases: 1_000_000,
            max_merge_keys: 1_000_000,
            // What teams share among their exposures has one anchor and thousands of aliases.
            enforce_alias_anchor_ratio: false,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| Error::Yaml {
        origin: origin.to_owned(),
        problem: error.to_string(),
    })
}
