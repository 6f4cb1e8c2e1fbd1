//! Logs, for those who want to see what is done: to standard error, and only when asked for.

use std::io;
use std::time::Instant;

use tailwater_engine::Workspace;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::environment;
use crate::error::Error;

/// What is never logged, whatever is asked for: frames of HTTP/2 with the headers that sign calls in.
const NEVER: &str = "h2=info";

/// What `-vv` adds to the debug messages of our own crates: every answer that a server gave.
const REQUESTS: &str = "tailwater_bi::http=trace";

/// Begins to log: what `TAILWATER_LOG` says, else what the number of `-v` says, else nothing.
pub fn start(verbose: u8, is_json: bool) -> Result<(), Error> {
    let text = match (environment::text(environment::LOG), verbose) {
        (Some(text), _) => text,
        (None, 0) => return Ok(()),
        (None, 1) => levels("info"),
        (None, 2) => format!("{},{REQUESTS}", levels("debug")),
        (None, _) => levels("trace"),
    };
    let refused = |problem: String| Error::LogFilter {
        text: text.clone(),
        problem,
    };
    let never = NEVER
        .parse()
        .map_err(|error: ParseError| refused(error.to_string()))?;
    let filter = EnvFilter::builder()
        .parse(&text)
        .map_err(|error| refused(error.to_string()))?
        .add_directive(never);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false);
    if is_json {
        builder.json().init();
    } else {
        builder.init();
    }
    Ok(())
}

/// Tells where the dbt projects are that are about to be read.
pub async fn projects(workspace: &Workspace) -> Result<(), Error> {
    if tracing::enabled!(Level::INFO) {
        for project in workspace.projects().await? {
            tracing::info!(project = %project.name, path = project.path.as_deref().map(camino::Utf8Path::as_str), "dbt project");
        }
    }
    Ok(())
}

/// How long something took, in whole milliseconds.
pub fn milliseconds_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Our own crates at the given level, others only when something is wrong.
fn levels(level: &str) -> String {
    let ours = ["bi", "core", "dbt", "engine", "sql", "store", "web"];
    let ours = ours.map(|name| format!("tailwater_{name}={level}"));
    format!("warn,tailwater={level},{}", ours.join(","))
}
