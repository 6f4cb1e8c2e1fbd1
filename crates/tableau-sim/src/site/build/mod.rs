//! From the site file to the object graph.

mod builder;
mod catalog;
mod datasource;
mod people;
mod project;
mod table_name;
mod workbook;

pub(crate) use builder::build;
