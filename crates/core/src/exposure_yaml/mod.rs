//! An exposure as dbt's YAML: the text that a page shows for copying, and the files that an export keeps.
//!
//! ```yaml
//! version: 2
//!
//! exposures:
//!   - name: weekly_sales
//!     label: "Weekly sales"
//!     type: dashboard
//!     url: "https://bi.example/#/workbooks/17"
//!     depends_on:
//!       - ref('fct_orders')
//!       - source('raw', 'orders')
//!     owner:
//!       name: "Ann"
//!     config:
//!       tags: ["finance"]
//!       meta:
//!         tailwater:
//!           integration: main
//!           id: "9df3…"
//! ```
//!
//! The text is the same for the same exposure. Names come from a BI tool and may hold anything: they stand in
//! double quotes with JSON's escapes, which are YAML's too, and what dbt would take for Jinja is wrapped so that
//! dbt renders it as it was ([`scalar`]). What dbt could not resolve is never referred to: one such reference
//! would keep the whole project from parsing ([`place`]). Where tags and meta stand depends on dbt's version
//! ([`version`]).
//!
//! A generated exposure carries a mark ([`mark`]), by which it is known again when it comes back through the
//! project's manifest, and the file that it stands in has a head ([`file`](mod@file)).

pub mod entry;
pub mod file;
pub mod mark;
pub mod place;
pub mod scalar;
pub mod version;

pub use entry::{Purpose, Unwritten, write_entry};
pub use file::{FileHead, FileKey};
pub use mark::Mark;
pub use place::{NotReferable, Place};
pub use version::DbtVersion;

use crate::exposure::Exposure;

/// What stands before the first exposure of a file.
pub const FILE_START: &str = "version: 2\n\nexposures:\n";

/// The YAML of one exposure, to be copied into the project of `place`.
pub fn to_yaml(exposure: &Exposure, place: &Place<'_>) -> String {
    let mut text = FILE_START.to_owned();
    write_entry(&mut text, exposure, place, Purpose::Copy);
    text
}
