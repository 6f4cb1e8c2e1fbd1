//! Refreshes: everything that was asked of a BI tool, or not asked for, with the reason.
//!
//! ```text
//! /refreshes ─▶ /refreshes/{id} ─▶ the run that asked, the exposures that it is for, the target's other refreshes
//! ```

pub mod act;
pub mod list;
pub mod show;
