//! The words of Tailwater's domain and its pure rules.
//!
//! What is here: the shapes that every other crate speaks, and functions from values to values. What is
//! not: files, networks, databases, clocks of the system, anything async.
//!
//! ```text
//! Inventory (what a BI site holds) ─┐
//!                                   ├─▶ references ─▶ lookup ─▶ Exposures with Links and Gaps
//! Project (what dbt declares) ──────┘        ▲
//!                               mapping rules┘      merge: what a partial answer must not remove
//! ```
//!
//! Start reading at [`resolve`], then [`lookup`] for the rules of matching and [`merge`] for those of
//! partial answers.
//!
//! # Glossary
//!
//! The same word stands in Rust, SQL, JSON and on pages.
//!
//! | word | meaning |
//! | --- | --- |
//! | project | a dbt project: what one `manifest.json` declares |
//! | node | a dbt resource: model, source, seed, snapshot, test, metric, exposure, … |
//! | relation | a table or view in the warehouse, by database, schema and name |
//! | integration | one site of one BI tool, with its credential, selection and mapping rules |
//! | credential | with what an integration signs in: a token, or a connected app; its secret is kept apart |
//! | inventory | what one site holds |
//! | collection | a folder of the BI tool; Tableau calls it a project |
//! | asset | what becomes an exposure; a Tableau workbook |
//! | part | a dashboard or sheet inside an asset |
//! | data source | what an asset reads through: embedded in it, or published for many |
//! | custom SQL | a query that somebody wrote into a data source |
//! | reading | what was found in custom SQL |
//! | reference | a table told of by one route |
//! | exposure | a dashboard as dbt knows it: automatic (imported) or manual (written in YAML) |
//! | link | an exposure stands on a node |
//! | evidence | one thing that says so |
//! | gap | a reference that found no node, with reason, candidates and remedy |
//! | mapping rule | the BI tool's name for a database or schema, and dbt's |
//! | health | whether what stands behind a resource is good, by dbt's rules |
//! | curation | what people say of an automatic exposure, beside what the BI tool says |
//! | target | what the BI tool refreshes in one go: a workbook with its extracts, or a published data source |
//! | refresh | the BI tool takes data over from the warehouse into an extract |
//! | policy | what may be refreshed when |
//! | job | steps of dbt that are run again and again; one time is a job run, one call of dbt an invocation |
//! | condition | something that is wrong now |
//! | alarm | something wrong that people were told of, until it has recovered |
//! | notice | what is told of an alarm at one moment |
//! | channel | where notices go: a webhook, a chat, an inbox, a lineage collector |
//! | stale | known from an earlier answer, and not confirmed by the last one |

pub mod calendar;
pub mod clock;
pub mod collection_tree;
pub mod confidence;
pub mod connection;
pub mod credential;
pub mod curation;
pub mod diagnostic;
pub mod dialect;
pub mod diff;
pub mod exposure;
pub mod exposure_yaml;
pub mod gap;
pub mod graph;
pub mod health;
pub mod history;
pub mod id;
pub mod inventory;
pub mod job;
pub mod layer;
pub mod layout;
pub mod lookup;
pub mod manual;
pub mod mapping;
pub mod merge;
pub mod naming;
pub mod percent;
pub mod picture;
pub mod project;
pub mod proposal;
pub mod reference;
pub mod refresh;
pub mod relation;
pub mod relation_index;
pub mod remedy;
pub mod resolve;
pub mod run;
pub mod search;
pub mod selection;
pub mod selector;
pub mod signal;
pub mod sql_reading;
pub mod timeline;
