//! dbt's node selection syntax, with the meaning that `dbt ls` gives it.
//!
//! ```text
//! +exposure:finance_weekly,resource_type:model tag:nightly --exclude package:dbt_utils
//! │└─method─┘└──value─────┘
//! └ graph operator: with everything it reads
//! └─ a word: parts with commas, all must hold ┘ └ a word ┘           └ what is taken out ┘
//!                                               of words, any may hold
//! ```
//!
//! [`parse`] reads the text into a [`Selector`], [`select`] evaluates it on a [`Universe`]: the nodes of one
//! or more projects and the automatic exposures, with the graph between them. As in dbt, each part first
//! takes the nodes that its method finds, then their relatives by the graph operators, then the tests of all
//! of those; only then are parts intersected, united and excluded.

mod condition;
mod error;
mod evaluate;
mod fqn;
mod glob;
mod matching;
mod method;
mod parse;
mod path;
mod universe;

pub use error::{SelectorError, SelectorProblem};
pub use evaluate::select;
pub use method::Method;
pub use parse::{Selector, parse};
pub use universe::{Universe, UniverseIndex};
