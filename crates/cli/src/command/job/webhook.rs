//! `tailwater job webhook`: an address that sets a job off.

use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::job::WEBHOOKS;

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job webhook nightly
  tailwater job webhook nightly --remove

Whoever sends a POST to the address sets the job off. It is shown this once; a new one makes the old one void.";

/// Makes an address that sets a job off
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The job
    name: JobName,

    /// Take the address away
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    job: &'a JobName,
    /// The secret of the address, `/hooks/SECRET` below the catalog's.
    secret: Option<&'a str>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let secret = if args.remove {
        workspace
            .remove_job_webhook(&args.name, &Actor::CommandLine)
            .await?;
        None
    } else {
        Some(
            workspace
                .make_job_webhook(&args.name, &Actor::CommandLine)
                .await?,
        )
    };
    let answer = Answer {
        job: &args.name,
        secret: secret.as_ref().map(secrecy::ExposeSecret::expose_secret),
    };
    printer.answer(&answer, |answer| {
        let mut document = Document::new();
        match answer.secret {
            Some(secret) => {
                document.line(Line::new().styled(Style::Literal, format!("{WEBHOOKS}/{secret}")));
                document.line(format!(
                    "below the catalog's address; sets off {}; not shown again",
                    answer.job
                ));
            }
            None => document.line(format!("no address sets off {} any more", answer.job)),
        }
        document
    })?;
    Ok(Outcome::Done)
}
