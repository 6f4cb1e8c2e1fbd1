//! `tailwater project add`: registers a dbt project.

use camino::Utf8PathBuf;
use tailwater_core::id::ProjectName;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::project::{ProjectEntry, ProjectSummary};

use crate::document::{Document, Line, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater project add shop target
  tailwater project add shop ~/dbt/shop/target/manifest.json
  tailwater project add shop

Without a path the project's artifacts are handed over: by `tailwater ingest`, or by an upload from CI.
The manifest is read now, so that a wrong path is noticed, and again at every sync. dbt writes it with \
`dbt parse`, `dbt build` and most other commands.";

/// Registers a dbt project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to call the project
    name: ProjectName,

    /// Its `manifest.json`, or the directory that dbt writes its artifacts to
    path: Option<Utf8PathBuf>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let Some(path) = &args.path else {
        let entry = workspace.add_project_without_path(args.name.clone()).await?;
        let event = AuditEvent::new("project.add", entry.name.as_str(), "");
        workspace.record_audit(&Actor::CommandLine, event).await?;
        printer.answer(&entry, to_document_without_path)?;
        return Ok(Outcome::Done);
    };
    let summary = workspace.add_project(args.name.clone(), path).await?;
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

fn to_document_without_path(entry: &ProjectEntry) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("added project ")
            .strong(entry.name.as_str())
            .plain(", whose artifacts are handed over"),
    );
    document.line(format!(
        "next: `dbt build`, then `tailwater ingest target --project {}`",
        entry.name
    ));
    document
}
