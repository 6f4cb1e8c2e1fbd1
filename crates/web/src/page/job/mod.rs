//! Jobs: what runs dbt again and again.
//!
//! ```text
//! /jobs ─▶ /jobs/new       one form
//!      └─▶ /jobs/{name}    its runs, what it runs and when, its secrets ─▶ /run, /edit, /pause, /remove, /secrets, /webhook
//! ```

pub mod act;
pub mod form;
pub mod list;
pub mod secret;
pub mod show;
pub mod webhook;

use maud::{Markup, html};
use tailwater_core::id::JobName;
use tailwater_engine::job::JobEntry;
use tailwater_engine::settings::DeclaredIn;

use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::notice;

/// The job that the address names.
async fn find(context: &Context, name: &str) -> Result<JobEntry, Error> {
    let name = JobName::new(name);
    Ok(context.app.workspace().find_job(&name).await?)
}

/// The address of a job.
fn address(context: &Context, name: &JobName) -> Address {
    context.links.to("/jobs").segment(name.as_str())
}

/// Why nothing can be changed here, for a job that a file declares.
fn read_only_note(entry: &JobEntry) -> Option<Markup> {
    (entry.declared_in == DeclaredIn::File).then(|| {
        notice(
            "info",
            &html! { p { "This job is declared in " code { "tailwater.toml" } " and is changed there." } },
        )
    })
}
