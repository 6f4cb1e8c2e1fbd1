//! `tailwater environment list`: the environments and what has arrived there.

use chrono::{DateTime, Utc};
use tailwater_core::id::ProjectName;
use tailwater_engine::Workspace;
use tailwater_engine::dbt::ArtifactKind;
use tailwater_engine::environment::EnvironmentState;

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater environment list
  tailwater environment list shop --json

The exit code is 1 when an artifact cannot be read.";

/// Lists the environments of projects and what dbt wrote there
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project [default: all]
    project: Option<ProjectName>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let states = workspace.environment_states(args.project.as_ref()).await?;
    printer.answer(&states, |states| to_document(states))?;
    let has_problems = states.iter().any(|state| !state.problems.is_empty());
    Ok(Outcome::with_failures(has_problems))
}

fn to_document(states: &[EnvironmentState]) -> Document {
    let mut document = Document::new();
    if states.is_empty() {
        document.line("no dbt project is known");
        document.line("next: `tailwater project add NAME target`");
        return document;
    }
    let mut table = Table::new([
        "PROJECT",
        "ENVIRONMENT",
        "MANIFEST",
        "RUN RESULTS",
        "FRESHNESS",
        "CATALOG",
        "PATH",
    ])
    .unbroken();
    for state in states {
        let written = |kind: ArtifactKind| {
            let artifact = state.artifacts.iter().find(|artifact| artifact.kind == kind);
            let at: Option<DateTime<Utc>> = artifact.and_then(|artifact| artifact.generated_at);
            let text = at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
            Cell::new(text)
        };
        let environment = &state.environment;
        let name = if environment.is_production {
            format!("{} (production)", environment.name)
        } else {
            environment.name.to_string()
        };
        table.row([
            Cell::new(environment.project.as_str()).styled(Style::Strong),
            Cell::new(name),
            written(ArtifactKind::Manifest),
            written(ArtifactKind::RunResults),
            written(ArtifactKind::Sources),
            written(ArtifactKind::Catalog),
            Cell::new(
                environment
                    .path
                    .as_ref()
                    .map_or("handed over", |path| path.as_str()),
            ),
        ]);
    }
    document.table(table);
    for state in states {
        for problem in &state.problems {
            let environment = &state.environment;
            document.heading(format!(
                "{} {} [{}]",
                environment.project, environment.name, problem.code
            ));
            document.line(Line::new().indent(2).hanging(2).plain(&problem.message));
            if let Some(remedy) = &problem.remedy {
                document.line(Line::new().indent(2).hanging(2).faint(remedy));
            }
        }
    }
    document
}
