//! `tailwater signal list`: where signals go, and what is on its way there.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::signal::{Channel, Delivery, DeliveryState};

use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater signal list
  tailwater signal list --limit 100 --json

Channels are declared as `[[channel]]` in `tailwater.toml`. Below them stand the last deliveries that wait or were \
given up, with what went wrong.";

/// Lists channels, and what waits or was given up
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many of the last deliveries are looked at
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Channels, and the last deliveries.
#[derive(Debug, Serialize)]
struct Answer {
    channels: Vec<Channel>,
    deliveries: Vec<Delivery>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let answer = Answer {
        channels: workspace.channels().await?,
        deliveries: workspace.deliveries(args.limit).await?,
    };
    printer.answer(&answer, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(answer: &Answer) -> Document {
    let mut document = Document::new();
    if answer.channels.is_empty() {
        document.line("there is no channel");
        document.line("next: declare one as `[[channel]]` in `tailwater.toml`");
    } else {
        let mut table = Table::new(["CHANNEL", "KIND", "TOLD OF", "STATE"]);
        for channel in &answer.channels {
            let settings = &channel.settings;
            let told = if settings.kind.is_lineage() {
                "every refresh".to_owned()
            } else if settings.tell.events.is_empty() {
                "all but failed tests".to_owned()
            } else {
                let names: Vec<&str> = settings.tell.events.iter().map(|event| event.name()).collect();
                names.join(", ")
            };
            let state = match (settings.problem(), settings.enabled) {
                (Some(problem), _) => Cell::new(problem).styled(Style::Warning),
                (None, true) => Cell::new("on"),
                (None, false) => Cell::new("off"),
            };
            table.row([
                Cell::new(&settings.name).styled(Style::Strong),
                Cell::new(settings.kind.name()),
                Cell::new(told),
                state,
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
            Cell::new(delivery.made_at.format("%Y-%m-%d %H:%M").to_string()),
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
