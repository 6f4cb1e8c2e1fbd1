//! `tailwater key rotate`: draws another key and seals everything anew with it.

use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::upkeep::KeyRotated;

use crate::document::{Document, Line, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater key rotate
  TAILWATER_KEY=\"NEW OLD\" tailwater key rotate

A new key goes in front of the old one in the key file, everything is sealed anew in one transaction, and the old key goes. \
Interrupted anywhere, the file opens everything, and the same command finishes. Processes on this machine may go on; machines \
with a copy of the file need the new one. With `TAILWATER_KEY` set everything is sealed with the first of its keys.";

/// Draws another key and seals everything anew with it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
pub async fn run(workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let rotated = workspace.rotate_key(&Actor::CommandLine).await?;
    printer.answer(&rotated, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(rotated: &KeyRotated) -> Document {
    let mut document = Document::new();
    let sealed = counted(
        usize::try_from(rotated.sealed_anew).unwrap_or(usize::MAX),
        "value",
    );
    if rotated.is_resumed {
        document.line("an earlier change of the key had been interrupted; it is finished now");
    }
    document.line(Line::new().plain(format!("sealed {sealed} with the new key")));
    document.line(match &rotated.file {
        Some(file) => Line::from(format!(
            "next: keep a copy of `{file}` apart from the store's backups; copy it to other machines that use this store. \
             Older backups of the store open with the old key alone"
        )),
        None => Line::from("next: leave only the first key in `TAILWATER_KEY` of every process"),
    });
    document
}
