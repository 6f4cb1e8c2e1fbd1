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

mod boxes;
mod condition;
mod error;
mod evaluate;
mod fqn;
mod glob;
mod matching;
mod method;
mod nothing;
mod parse;
mod path;
mod phrase;
mod universe;

pub use boxes::{Boxes, Depth, boxes_of, selector_of};
pub use error::{SelectorError, SelectorProblem};
pub use evaluate::{select, select_set};
pub use method::Method;
pub(crate) use nothing::most_like;
pub use nothing::{parts_that_find_nothing, starts};
pub use parse::{Selector, parse};
pub use universe::{Universe, UniverseIndex};
