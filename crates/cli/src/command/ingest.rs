//! `tailwater ingest`: takes over what dbt wrote.

use camino::Utf8PathBuf;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::ingest::{IngestOutcome, IngestReport, IngestRequest, IngestedArtifact};

use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  dbt build && tailwater ingest target
  tailwater ingest target --project shop --environment staging
  tailwater ingest run_results.json.gz --project shop

Takes over `manifest.json`, `run_results.json`, `sources.json` and `catalog.json`, as far as they are there: all of \
them or, when one is broken, older than what is there, or of another dbt project, none. Bringing the same again \
changes nothing.";

/// Takes over what dbt wrote: manifest, run results, freshness, catalog
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The directory that dbt writes to, or one file of it, packed with gzip or not
    path: Utf8PathBuf,

    /// The project [default: the only one that is known]
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,

    /// The environment [default: the project's production]
    #[arg(long, value_name = "NAME")]
    environment: Option<EnvironmentName>,

    /// Take them also when they are older than what is there, or of another dbt project
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let project = match &args.project {
        Some(name) => name.clone(),
        None => workspace.only_project().await?,
    };
    let request = IngestRequest {
        project,
        environment: args.environment.clone(),
        path: args.path.clone(),
        is_forced: args.force,
        by: "command line".to_owned(),
    };
    let report = take(workspace, &request).await?;
    printer.answer(&report, to_document)?;
    Ok(Outcome::Done)
}

/// Takes over what lies on this machine, and writes that down.
pub async fn take(workspace: &Workspace, request: &IngestRequest) -> Result<IngestReport, Error> {
    let report = workspace.ingest(request).await?;
    if report.has_changes() {
        let subject = format!("{}/{}", report.project, report.environment);
        let kinds: Vec<&str> = report
            .artifacts
            .iter()
            .map(|artifact| artifact.kind.name())
            .collect();
        let event = AuditEvent::new("artifacts.ingest", &subject, kinds.join(", "));
        workspace.record_audit(&Actor::CommandLine, event).await?;
    }
    Ok(report)
}

fn to_document(report: &IngestReport) -> Document {
    let mut document = Document::new();
    let place = Line::new()
        .strong(report.project.as_str())
        .plain(", environment ")
        .strong(report.environment.as_str());
    document.line(if report.has_changes() {
        place.plain(": taken over")
    } else {
        place.plain(": nothing new")
    });
    let mut table = Table::new(["ARTIFACT", "ENTRIES", "WRITTEN", "DBT", ""]);
    for artifact in &report.artifacts {
        table.row(row(artifact));
    }
    document.table(table);
    if report.new_runs > 0 {
        document.line(Line::new().faint(format!(
            "{} recorded in the history",
            counted(report.new_runs, "invocation")
        )));
    }
    document
}

fn row(artifact: &IngestedArtifact) -> [Cell; 5] {
    let written = artifact
        .generated_at
        .map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
    let outcome = match artifact.outcome {
        IngestOutcome::Taken => Cell::new("taken"),
        IngestOutcome::Forced => Cell::new("taken by force").styled(Style::Warning),
        IngestOutcome::AlreadyThere => Cell::new("already there").styled(Style::Faint),
    };
    [
        Cell::new(artifact.kind.file_name()).styled(Style::Strong),
        Cell::number(artifact.entries),
        Cell::new(written),
        Cell::new(&artifact.dbt_version),
        outcome,
    ]
}
