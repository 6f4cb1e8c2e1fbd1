//! `tailwater integration test`: tries everything that a sync needs, line by line.

use serde::Serialize;
use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::bi::{Check, CheckState};
use tailwater_engine::doctor::Finding;

use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::finding;
use crate::printer::Printer;
use crate::progress::Steps;

const EXAMPLES: &str = "\
Examples:
  tailwater integration test main

The exit code is 1 when something does not work.";

/// Tries everything that a sync needs, line by line
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integration
    name: IntegrationName,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    integration: &'a IntegrationName,
    checks: Vec<Check>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let steps = Steps::new(printer, args.name.as_str());
    let checks = workspace.check_integration(&args.name, &steps).await?;
    drop(steps);
    let has_failures = checks.iter().any(|check| check.state == CheckState::Failed);
    let answer = Answer {
        integration: &args.name,
        checks,
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::with_failures(has_failures))
}

fn to_document(answer: &Answer<'_>) -> Document {
    let mut document = Document::new();
    document.heading(format!("integration {}", answer.integration));
    let findings: Vec<Finding> = answer.checks.iter().map(finding::from_check).collect();
    document.table(finding::to_table(&findings));
    document
}
