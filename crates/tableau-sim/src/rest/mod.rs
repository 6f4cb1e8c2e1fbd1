//! The REST API. [`route`] lists every route; the other modules hold one family of calls each, in the order
//! of the wire: what is read from the request, what it does, the element that answers.

mod auth;
mod call;
mod catalog;
mod connection;
mod datasource;
mod image;
mod job;
mod jwt;
mod label;
mod project;
mod quality_warning;
mod route;
pub(crate) mod scope;
mod server_info;
mod tag;
mod task;
mod user;
mod view;
mod webhook;
mod workbook;

pub(crate) use call::{Body, Reply, Version, parse_version};
pub(crate) use route::{Asked, answer};
pub(crate) use webhook::Webhook;
