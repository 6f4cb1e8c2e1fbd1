//! `tailwater store check`: whether all that is stored is whole and can be read.

use camino::Utf8Path;
use tailwater_engine::upkeep::{StoreCheck, check_store};

use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  tailwater store check
  tailwater store check --json

Reads every row: the file's own structure (SQLite), references, JSON, checksums, and whether every sealed value opens with \
the key. Nothing is changed, and an older store is not brought up to date. The exit code is 1 when something is wrong.";

/// Checks that all that is stored is whole and can be read
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(config: Option<&Utf8Path>, printer: &Printer) -> Result<Outcome, Error> {
    let options = settings::load(config)?.options();
    let check = check_store(&options).await?;
    printer.answer(&check, to_document)?;
    Ok(Outcome::with_failures(!check.problems.is_empty()))
}

fn to_document(check: &StoreCheck) -> Document {
    let mut document = Document::new();
    match &check.health {
        Some(health) => document.line(Line::new().plain(health.to_string())),
        None => document.line(Line::new().plain(&check.location)),
    }
    for problem in &check.problems {
        let line = Line::new().indent(2).hanging(2);
        document.line(
            line.styled(Style::Bad, "wrong ")
                .prose(&problem.message)
                .faint(format!(" [{}]", problem.code)),
        );
        if !problem.hint.is_empty() {
            let line = Line::new().indent(4).hanging(2);
            document.line(line.prose(format!("hint: {}", problem.hint)));
        }
    }
    document.line(if check.problems.is_empty() {
        let values = counted(check.sealed_values, "sealed value");
        Line::new().styled(Style::Good, format!("all is well; {values} opened"))
    } else {
        Line::new().styled(Style::Bad, counted(check.problems.len(), "problem"))
    });
    document
}
