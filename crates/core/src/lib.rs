//! The words of Tailwater's domain and its pure rules.

pub mod clock;
pub mod confidence;
pub mod connection;
pub mod diagnostic;
pub mod dialect;
pub mod exposure;
pub mod gap;
pub mod id;
pub mod inventory;
pub mod mapping;
pub mod project;
pub mod relation;
pub mod selection;
pub mod sql_reading;
