//! GraphQL at `/graphql`: the catalog in the words of dbt's Discovery API, to read only.
//!
//! ```text
//! body ─▶ route: read, measured (limit) ─▶ schema ─▶ Query ─▶ environment ─▶ applied ─▶ connections of nodes
//!                                                     each node is a position in the catalog, asked field by field
//! ```
//!
//! A request is answered from one catalog, the one that was there when it came, so that its numbers agree
//! with one another and with pages and REST. A node costs nothing until one of its fields is asked for.
//!
//! Start reading at `root.rs`, then `resource.rs`, which has what all kinds share.

mod connection;
mod diff;
mod environment;
mod exposure;
mod filter;
mod kind;
pub mod limit;
mod lineage;
mod relation;
mod resource;
mod root;
pub mod route;
mod scalar;

use std::sync::LazyLock;

use async_graphql::{EmptyMutation, EmptySubscription, Schema};

pub use root::Query;

/// The schema of the catalog.
pub type CatalogSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// The one schema. It holds no data: each request brings the catalog that it is answered from.
pub static SCHEMA: LazyLock<CatalogSchema> = LazyLock::new(|| {
    Schema::build(Query, EmptyMutation, EmptySubscription)
        .limit_complexity(limit::MOST_COMPLEX)
        .disable_suggestions()
        .finish()
});

/// The schema in its definition language.
pub fn definition() -> String {
    SCHEMA.sdl()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE=1` writes it anew.
    #[test]
    fn the_schema_is_the_one_in_the_reference() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/schema.graphql");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, definition()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == definition(),
            "docs/reference/schema.graphql is not the schema: run with UPDATE=1"
        );
    }
}
