//! What reads what: the directed graph of dbt nodes and of everything that stands on them.

mod adjacency;
mod component;
mod lineage;
mod node_set;

pub use lineage::{Direction, Graph};
pub use node_set::NodeSet;

pub(crate) use adjacency::Adjacency;
pub(crate) use component::components;
