//! `tailwater signal test`: whether a channel works.

use serde::Serialize;
use tailwater_engine::Workspace;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater signal test data-team

The message says that it is a test. It goes out at once, whatever the channel is told of otherwise.";

/// Sends a test to a channel
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The channel's name
    channel: String,
}

/// What was sent.
#[derive(Debug, Serialize)]
struct Answer {
    channel: String,
    delivered: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    workspace.test_channel(&args.channel).await?;
    let answer = Answer {
        channel: args.channel.clone(),
        delivered: true,
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("the test was taken by ")
            .strong(&answer.channel),
    );
    document
}
