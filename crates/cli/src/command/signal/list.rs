//! `tailwater signal list`: where signals go, and what is on its way there.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::signal::{Channel, ChannelState, Delivery, DeliveryState};

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater signal list
  tailwater signal list --limit 100 --json

Channels are declared as `[[channel]]` in `tailwater.toml`. Each says when it last took something and, when it takes \
nothing, since when, and when it is tried next. Below them stand the last deliveries that wait or were given up, with \
what went wrong.";

/// Lists channels, and what waits or was given up
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many of the last deliveries are looked at
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Channels with how they stand, and the last deliveries.
#[derive(Debug, Serialize)]
struct Answer {
    channels: Vec<Known>,
    deliveries: Vec<Delivery>,
}

/// A channel with how it stands.
#[derive(Debug, Serialize)]
struct Known {
    #[serde(flatten)]
    channel: Channel,
    /// `None` when nothing was ever sent to it.
    state: Option<ChannelState>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let mut states = workspace.channel_states().await?;
    let known = |channel: Channel| {
        let found = states
            .iter()
            .position(|state| state.channel == channel.settings.name);
        let state = found.map(|at| states.swap_remove(at));
        Known { channel, state }
    };
    let mut deliveries = workspace.deliveries(args.limit).await?;
    // Events of lineage are for programs that draw it, and long.
    for delivery in deliveries.iter_mut().filter(|delivery| delivery.key.is_some()) {
        delivery.body.clear();
    }
    let answer = Answer {
        channels: workspace.channels().await?.into_iter().map(known).collect(),
        deliveries,
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::Done)
}

/// Since when a channel takes nothing, and when it is tried next; `None` while all is well.
pub(super) fn failing(state: &ChannelState) -> Option<String> {
    let since = minute(state.failing_since?);
    Some(match state.next_try_at {
        Some(at) => format!("failing since {since}, next try {}", minute(at)),
        None => format!("failing since {since}, given up"),
    })
}

pub(super) fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn to_document(answer: &Answer) -> Document {
    let mut document = Document::new();
    if answer.channels.is_empty() {
        document.line("there is no channel");
        document.line("next: declare one as `[[channel]]` in `tailwater.toml`");
    } else {
        let mut table = Table::new(["CHANNEL", "KIND", "TOLD OF", "STATE", "LAST TAKEN"]);
        for known in &answer.channels {
            let settings = &known.channel.settings;
            let told = if settings.kind.is_lineage() {
                "runs and refreshes".to_owned()
            } else if settings.tell.events.is_empty() {
                "all but failed tests".to_owned()
            } else {
                let names: Vec<&str> = settings.tell.events.iter().map(|event| event.name()).collect();
                names.join(", ")
            };
            let state = match (settings.problem(), settings.enabled) {
                (Some(problem), _) => Cell::new(problem).styled(Style::Warning),
                (None, false) => Cell::new("off"),
                (None, true) => {
                    let failing = known.state.as_ref().and_then(failing);
                    failing.map_or_else(
                        || Cell::new("on"),
                        |words| Cell::new(words).styled(Style::Warning),
                    )
                }
            };
            let taken = known.state.as_ref().and_then(|state| state.delivered_at);
            table.row([
                Cell::new(&settings.name).styled(Style::Strong),
                Cell::new(settings.kind.name()),
                Cell::new(told),
                state,
                Cell::new(taken.map_or_else(|| "never".to_owned(), minute)),
            ]);
        }
        document.table(table);
    }
    let late: Vec<&Delivery> = answer
        .deliveries
        .iter()
        .filter(|delivery| delivery.state != DeliveryState::Delivered)
        .collect();
    if late.is_empty() {
        return document;
    }
    document.blank();
    let mut table = Table::new(["MADE", "CHANNEL", "STATE", "TRIED", "WHAT WENT WRONG"]);
    for delivery in late {
        let state = Cell::new(delivery.state.name().replace('_', " "));
        let state = if delivery.state == DeliveryState::GivenUp {
            state.styled(Style::Warning)
        } else {
            state
        };
        table.row([
            Cell::new(minute(delivery.made_at)),
            Cell::new(&delivery.channel).styled(Style::Strong),
            state,
            Cell::number(delivery.attempts as usize),
            Cell::new(delivery.error.as_deref().unwrap_or_default()),
        ]);
    }
    document.table(table);
    document.line(Line::new().prose("test a channel: `tailwater signal test CHANNEL`"));
    document
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, Some("06:00"), None)]
    #[case(
        Some("05:00"),
        Some("06:00"),
        Some("failing since 2026-01-10 05:00, next try 2026-01-10 06:00")
    )]
    #[case(Some("05:00"), None, Some("failing since 2026-01-10 05:00, given up"))]
    fn a_channel_that_fails_says_since_when_and_until_when(
        #[case] since: Option<&str>,
        #[case] next: Option<&str>,
        #[case] words: Option<&str>,
    ) {
        let at = |time: &str| format!("2026-01-10T{time}:00Z").parse().unwrap();
        let state = ChannelState {
            channel: "chat".to_owned(),
            delivered_at: None,
            waiting: 1,
            given_up: 0,
            failing_since: since.map(at),
            next_try_at: next.map(at),
            error: None,
        };
        assert_eq!(failing(&state).as_deref(), words);
    }
}
