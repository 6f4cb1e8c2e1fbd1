//! A site as the server holds it: an object graph, indexed by LUID and by Metadata API id.
//!
//! [`build`] makes it from the site file. Objects live in one vector per kind and point at each other by
//! index, so a site of 20,000 workbooks stays small and cheap to copy. REST and the Metadata API read the
//! same graph.

mod asset;
mod audience;
pub(crate) mod build;
mod content;
mod data;
mod graph;
mod identity;
mod label;
mod lineage;
mod people;
mod reference;

pub(crate) use asset::{Extract, Freshness, RefreshPlan, Schedule};
pub(crate) use audience::Audience;
pub(crate) use content::{Project, View, ViewKind, Workbook};
pub(crate) use data::{
    Column, Connection, CustomSql, Database, DatabaseKind, Datasource, Field, FieldKind, Published, Table,
    VirtualConnection, VirtualTable,
};
pub(crate) use graph::Site;
pub(crate) use identity::{Identity, Naming};
pub(crate) use label::{Label, LabelKind};
pub(crate) use lineage::Direction;
pub(crate) use people::{ConnectedApp, PersonalToken, User};
pub(crate) use reference::{Kind, Ref};
