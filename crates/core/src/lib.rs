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
pub mod lookup;
pub mod manual;
pub mod mapping;
pub mod merge;
pub mod naming;
pub mod project;
pub mod proposal;
pub mod reference;
pub mod relation;
pub mod relation_index;
pub mod remedy;
pub mod resolve;
pub mod run;
pub mod selection;
pub mod sql_reading;
