//! `tailwater project add`: registers a dbt project.

use camino::Utf8PathBuf;
use tailwater_core::id::ProjectName;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::project::ProjectSummary;

use crate::document::{Document, Line, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater project add shop target
  tailwater project add shop ~/dbt/shop/target/manifest.json

The manifest is read now, so that a wrong path is noticed, and again at every sync. dbt writes it with \
`dbt parse`, `dbt build` and most other commands.";

/// Registers a dbt project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to call the project
    name: ProjectName,

    /// Its `manifest.json`, or the directory that dbt writes its artifacts to
    path: Utf8PathBuf,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let summary = workspace.add_project(args.name.clone(), &args.path).await?;
    let path = summary.path.as_deref().map(camino::Utf8Path::as_str);
    let event = AuditEvent::new("project.add", summary.name.as_str(), path.unwrap_or_default());
    workspace.record_audit(&Actor::CommandLine, event).await?;
    tracing::info!(project = %summary.name, path, "dbt project read");
    printer.answer(&summary, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(summary: &ProjectSummary) -> Document {
    let counts: Vec<String> = summary
        .counts
        .iter()
        .map(|(kind, count)| counted(*count, kind))
        .collect();
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("added project ")
            .strong(summary.name.as_str())
            .plain(format!(
                ": dbt {} on {}, manifest v{}",
                summary.dbt_version, summary.adapter, summary.artifact_schema
            )),
    );
    document.line(Line::new().indent(2).hanging(2).faint(counts.join(", ")));
    document
}
