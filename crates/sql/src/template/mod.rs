//! Stage one: text that is not SQL yet. What a BI tool or dbt would fill in is replaced by
//! something neutral, so that the rest parses.
//!
//! ```text
//! where d >= <[Parameters].[From]>   ─▶  where d >= 0          (Tableau)
//! from {{ ref('orders') }}           ─▶  from tailwater_template  (Jinja; a note keeps the ref)
//! select ""a""#(lf)from t            ─▶  select "a"⏎from t     (Power Query M)
//! ```

mod jinja;
mod mquery;
mod neutral;
mod tableau;

pub(crate) use neutral::{PLACEHOLDER, neutralise};
pub(crate) use tableau::without_doubled_angles;
