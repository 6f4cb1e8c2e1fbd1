//! A Tableau server on loopback, for tests, the demo and development.
//!
//! It answers the REST API and the Metadata API from a *site file* as a real server would, and misbehaves in
//! the ways real ones do when told to. It is no Tableau: it draws nothing and runs no query. Nothing in it is meant
//! for a network beyond loopback.
//!
//! ```text
//! site file ─▶ site_file (TOML as written) ─▶ site::build ─▶ Site (object graph) ─┐
//! HTTP ─▶ server ─▶ rest    (routes, pages, filters; XML and JSON by wire) ◀──────┤
//!              ├──▶ graphql (schema, execution, lineage walks)            ◀───────┘
//!              └──▶ control (switches, clock, request log)
//! ```
//!
//! Start reading at [`Simulator::start`], then `rest/route.rs` for what is answered and `switch.rs` for what
//! can go wrong. `docs/tableau-simulator.md` is the user's side.

mod clock;
mod control;
mod delivery;
mod door;
mod error;
mod graphql;
mod job;
mod mishap;
mod picture;
mod proxy;
mod request_log;
mod rest;
mod server;
mod session;
mod simulator;
mod site;
pub mod site_file;
mod switch;
mod tls;
mod wire;
mod world;

pub use clock::{ClockMode, SimClock};
pub use error::Error;
pub use proxy::{Proxy, ProxyOptions};
pub use request_log::{Recorded, RecordedQuery};
pub use simulator::{Options, Running, Simulator};
pub use site_file::SiteFile;
pub use switch::{CursorFault, MetadataAvailability, Switches};
pub use tls::{Certificate, Flaw};
