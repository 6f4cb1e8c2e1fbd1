//! The Metadata API: GraphQL over the site's object graph.
//!
//! `apollo-compiler` parses, validates, introspects and drives the execution; what a field answers is decided
//! here. [`endpoint`] is the way of a request; [`object`] maps a field to one of four things: a leaf
//! ([`leaf`]), one object ([`single`]), a list ([`list`], [`lineage`]) or a Connection ([`connection`]), the
//! last two filtered and ordered by [`selection`].

mod connection;
mod context;
mod cursor;
mod endpoint;
mod leaf;
mod lineage;
mod list;
mod notice;
mod object;
mod query_rule;
mod schema;
mod selection;
mod single;
mod undefined_field;

pub(crate) use endpoint::{Question, answer};
pub(crate) use schema::SchemaSet;
