//! Exposures: the list, each one's page with its tabs, what people say of it, and its tile.
//!
//! ```text
//! /exposures                 list             /exposures/left-out        left_out
//! /exposures/{id}            general          /exposures/{id}/workbook   workbook
//! /exposures/{id}/refreshes  refreshes        /exposures/{id}/yaml       yaml
//! POST /exposures/{id}/…     curate           /embed/exposures/{id}      tile
//! ```

pub mod curate;
mod evidence;
mod fact;
mod form;
pub mod general;
pub mod left_out;
pub mod list;
pub mod refreshes;
mod subject;
pub mod tile;
pub mod workbook;
pub mod yaml;
