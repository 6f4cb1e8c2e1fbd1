//! A Tableau server on loopback, for tests, the demo and development.
pub mod error;
pub mod site_file;
pub mod switch;
