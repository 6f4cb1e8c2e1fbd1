//! `tailwater environment add`: registers an environment.

use camino::Utf8PathBuf;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::environment::Environment;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater environment add shop staging
  tailwater environment add shop staging target-staging
  tailwater environment add shop live target --production

Without a path the environment's artifacts are handed over: by `tailwater ingest`, or by an upload from CI.";

/// Registers an environment of a project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project
    project: ProjectName,

    /// What to call the environment
    name: EnvironmentName,

    /// Its `manifest.json`, or the directory that dbt writes its artifacts to
    path: Option<Utf8PathBuf>,

    /// Make it the project's production
    #[arg(long)]
    production: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let path = args.path.as_deref();
    let environment = workspace
        .add_environment(&args.project, args.name.clone(), path, args.production)
        .await?;
    let subject = format!("{}/{}", args.project, args.name);
    let event = AuditEvent::new("environment.add", &subject, "");
    workspace.record_audit(&Actor::CommandLine, event).await?;
    printer.answer(&environment, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(environment: &Environment) -> Document {
    let mut document = Document::new();
    let line = Line::new()
        .plain("added environment ")
        .strong(environment.name.as_str())
        .plain(" of project ")
        .strong(environment.project.as_str());
    document.line(if environment.is_production {
        line.plain(", which is production now")
    } else {
        line
    });
    if environment.path.is_none() {
        document.line(format!(
            "next: `tailwater ingest target --project {} --environment {}`",
            environment.project, environment.name
        ));
    }
    document
}
