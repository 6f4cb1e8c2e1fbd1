//! `tailwater project list`: the dbt projects and what their manifests say.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::project::{ProjectEntry, ProjectSummary};

use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::report::Report;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater project list
  tailwater project list --json

Reads every manifest anew. The exit code is 1 when one cannot be read.";

/// Lists the dbt projects and what their manifests say
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// A project, or why its manifest cannot be read.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Listed {
    Readable(ProjectSummary),
    Unreadable {
        #[serde(flatten)]
        entry: ProjectEntry,
        error: Report,
    },
}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let projects: Vec<Listed> = workspace
        .summarize_projects()
        .await?
        .into_iter()
        .map(|(entry, summary)| match summary {
            Ok(summary) => Listed::Readable(summary),
            Err(error) => Listed::Unreadable {
                entry,
                error: Report::new(&error),
            },
        })
        .collect();
    printer.answer(&projects, |projects| to_document(projects))?;
    let is_unreadable = |listed: &Listed| matches!(listed, Listed::Unreadable { .. });
    Ok(Outcome::with_failures(projects.iter().any(is_unreadable)))
}

fn to_document(projects: &[Listed]) -> Document {
    let mut document = Document::new();
    if projects.is_empty() {
        document.line("no dbt project is known");
        document.line("next: `tailwater project add NAME target`");
        return document;
    }
    let mut table = Table::new([
        "NAME",
        "ADAPTER",
        "DBT",
        "MANIFEST",
        "MODELS",
        "SOURCES",
        "EXPOSURES",
        "PATH",
    ])
    .unbroken();
    for project in projects {
        match project {
            Listed::Readable(summary) => {
                let count = |kind| Cell::number(summary.counts.get(kind).copied().unwrap_or_default());
                table.row([
                    Cell::new(summary.name.as_str()).styled(Style::Strong),
                    Cell::new(&summary.adapter),
                    Cell::new(&summary.dbt_version),
                    Cell::new(format!("v{}", summary.artifact_schema)),
                    count("model"),
                    count("source"),
                    count("exposure"),
                    Cell::new(summary.path.as_ref().map_or("-", |path| path.as_str())),
                ]);
            }
            Listed::Unreadable { entry, error } => {
                let state = match error.code {
                    "TW-PROJECT-NO-ARTIFACTS" => Cell::new("none yet").styled(Style::Warning),
                    _ => Cell::new("unreadable").styled(Style::Bad),
                };
                let mut row = vec![Cell::new(entry.name.as_str()).styled(Style::Strong), state];
                row.extend((0..5).map(|_| Cell::new("-")));
                row.push(Cell::new(entry.path.as_ref().map_or("-", |path| path.as_str())));
                table.row(row);
            }
        }
    }
    document.table(table);
    for project in projects {
        if let Listed::Unreadable { entry, error } = project {
            document.heading(format!("{} [{}]", entry.name, error.code));
            document.reason(error);
        }
    }
    document
}
