//! REST's outer form: elements that are written as XML or JSON, requests in either, errors, pages, filters.

mod element;
mod fault;
mod filter;
mod json;
mod page;
mod query;
mod request;
mod sort;
mod xml;

pub(crate) use element::{Element, Scalar, timestamp};
pub(crate) use fault::Fault;
pub(crate) use filter::{COMPARISON, EQUALITY, Filter, FilterField};
pub(crate) use json::to_json;
pub(crate) use page::Page;
pub(crate) use query::{Query, decode};
pub(crate) use request::Node;
pub(crate) use sort::SortKey;
pub(crate) use xml::to_xml;
