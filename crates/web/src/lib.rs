//! The web catalog: pages, API and sign-in over HTTP.
//!
//! What is here: routes, who may ask them, and how answers look. What is not: rules. Everything shown is
//! read from the engine's [`Catalog`](tailwater_engine::catalog::Catalog), everything done is a use case of
//! [`Workspace`](tailwater_engine::Workspace).
//!
//! ```text
//! request ─▶ guard (who asks, may they, does the form come from us) ─▶ handler ─▶ page or JSON
//!                                                            │
//!                     Context: catalog of the environment, links below the base path, theme, clock
//! ```
//!
//! Start reading at [`router`]: it lists every route with who may ask it. Then [`context`], which every page
//! begins with, and [`guard`]. A page is one file in [`page`] with the same parts in the same order:
//! its address parameters, its handler, what it draws, its tests.

pub mod api;
mod app;
mod asset;
mod client;
pub mod context;
mod cookie;
mod csrf;
mod error;
pub mod graphql;
pub mod guard;
mod header;
mod link;
mod metrics;
mod operate;
pub mod page;
mod picture;
pub mod principal;
pub mod router;
mod server;
pub mod view;
pub mod worker;

pub use app::{App, AppOptions};
pub use error::Error;
pub use server::{ServeError, ServeOptions, Tls, serve};
