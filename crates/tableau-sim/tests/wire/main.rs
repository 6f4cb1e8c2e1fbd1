//! The simulator over the wire: what it answers, byte for byte where it matters.

mod graphql;
mod rest;
mod support;
mod switches;
