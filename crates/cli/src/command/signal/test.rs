//! `tailwater signal test`: whether a channel works.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::signal::ChannelState;

use super::list::{failing, minute};
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater signal test data-team

The message says that it is a test. It goes out at once, whatever the channel is told of otherwise. What waits for the \
channel is not sent with it: a server or a worker tries it at its time, which is shown.";

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
    /// How the channel stands beside the test; `None` when nothing was ever sent to it.
    state: Option<ChannelState>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    workspace.test_channel(&args.channel).await?;
    let states = workspace.channel_states().await?;
    let answer = Answer {
        channel: args.channel.clone(),
        delivered: true,
        state: states.into_iter().find(|state| state.channel == args.channel),
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
    let Some(state) = &answer.state else {
        document.line("nothing else was ever sent to it");
        return document;
    };
    let taken = state
        .delivered_at
        .map_or_else(|| "never".to_owned(), |at| format!("at {}", minute(at)));
    document.line(format!(
        "it last took a signal {taken}; {} waiting, {} given up",
        state.waiting, state.given_up
    ));
    if let Some(words) = failing(state) {
        let why = state.error.as_deref().unwrap_or_default();
        document.line(Line::new().plain(words).plain(": ").plain(why));
    }
    document
}
