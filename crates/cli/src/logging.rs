//! Logs, for those who want to see what is done: to standard error, and only when asked for.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::environment;
use crate::error::Error;

/// Begins to log: what `TAILWATER_LOG` says, else what the number of `-v` says, else nothing.
pub fn start(verbose: u8, is_json: bool) -> Result<(), Error> {
    let text = match (environment::text(environment::LOG), verbose) {
        (Some(text), _) => text,
        (None, 0) => return Ok(()),
        (None, 1) => levels("info"),
        (None, 2) => levels("debug"),
        (None, _) => "trace".to_owned(),
    };
    let filter = EnvFilter::builder()
        .parse(&text)
        .map_err(|error| Error::LogFilter {
            text,
            problem: error.to_string(),
        })?;
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

/// Our own crates at the given level, others only when something is wrong.
fn levels(level: &str) -> String {
    let ours = ["bi", "core", "dbt", "engine", "sql", "store"];
    let ours = ours.map(|name| format!("tailwater_{name}={level}"));
    format!("warn,tailwater={level},{}", ours.join(","))
}
