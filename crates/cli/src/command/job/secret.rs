//! `tailwater job secret`: the value of a secret variable, sealed.

use std::io::{IsTerminal as _, Read as _};

use secrecy::SecretString;
use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job secret nightly WAREHOUSE_PASSWORD
  vault read -field=password warehouse | tailwater job secret nightly WAREHOUSE_PASSWORD

The value is asked for, or read from standard input. It is kept sealed, given to dbt alone, and never shown again; \
where it turns up in logs and artifacts, `*****` stands in its place.";

/// Stores the value of a secret variable of a job
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,

    /// The variable
    variable: String,
}

#[derive(Debug, Serialize)]
struct Stored<'a> {
    job: &'a JobName,
    variable: &'a str,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let value = read(&args.variable)?;
    workspace
        .set_job_secret(&args.name, &args.variable, &value, &Actor::CommandLine)
        .await?;
    let stored = Stored {
        job: &args.name,
        variable: &args.variable,
    };
    printer.answer(&stored, |stored| {
        let mut document = Document::new();
        document.line(format!(
            "stored {} of the job {}, sealed",
            stored.variable, stored.job
        ));
        document
    })?;
    Ok(Outcome::Done)
}

/// Asks for the value, or reads it; one line end behind it is not part of it.
fn read(variable: &str) -> Result<SecretString, Error> {
    let unreadable = |source: std::io::Error| Error::Usage {
        message: format!("the value of {variable} cannot be read: {source}"),
        hint: "give it on standard input".to_owned(),
    };
    if std::io::stdin().is_terminal() {
        let value = rpassword::prompt_password(format!("Value of {variable}: ")).map_err(unreadable)?;
        return Ok(value.into());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned().into())
}
