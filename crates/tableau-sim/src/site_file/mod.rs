//! The site file: what a simulated Tableau holds, as a person writes it in TOML.
//!
//! The types here mirror the file one to one and hold no logic but defaults and shorthands; `crate::site`
//! turns them into the object graph that the server answers from. `docs/tableau-simulator.md` explains the
//! format to those who write one.

mod asset;
mod builder;
mod company;
mod connection;
mod content;
mod datasource;
mod instant;
mod person;
mod project;
mod read;
mod server;
mod shorthand;
mod table;

pub use asset::{FieldEntry, Outcome, Refresh, Schedule};
pub use builder::{BUILDER_TOKEN, SiteBuilder};
pub use company::company_tables;
pub use connection::{Connection, NameParts};
pub use content::{Dashboard, DashboardEntry, Sheet, SheetEntry, Workbook};
pub use datasource::{Calculation, Datasource, PublishedDatasource};
pub use instant::Instant;
pub use person::{ConnectedApp, Person, SiteRole, Token};
pub use project::{Project, ProjectPath};
pub use server::{Hosting, Server, Site, SiteFile};
pub use table::{
    Column, ColumnEntry, CustomSql, Table, TableEntry, TablesReported, VirtualConnection, VirtualTable,
};
