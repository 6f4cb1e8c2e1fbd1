//! When extracts are refreshed: what was said in `tailwater.toml`, by dbt's variables, by command and on pages,
//! folded into what holds for each target.
//!
//! ```text
//! built in ◀ dbt's variables ◀ jobs' variables ◀ [refresh] ◀ environment ◀ integration ◀ collections from the top down ◀ exposure
//! ```
//!
//! The narrower says what holds. What `tailwater.toml` says of a scope stands above what was said of it by command
//! or on a page.

mod book;
mod change;
mod error;
mod job;
mod unheard;
mod variables;

pub(crate) use book::check_settings;
pub use book::{PolicyBook, PolicyEntry};
pub use error::PolicyError;
pub use unheard::{UnheardPolicy, unheard};
pub use variables::DbtVariables;
