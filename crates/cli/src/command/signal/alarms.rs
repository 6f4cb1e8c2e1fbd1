//! `tailwater signal alarms`: what is wrong, and what people were told of it.

use tailwater_engine::Workspace;
use tailwater_engine::signal::Alarm;

use crate::document::{Document, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater signal alarms
  tailwater signal alarms --all --json

An alarm is open from the first look that found something wrong until it has been good for a while. A server or a \
worker looks every few seconds.";

/// Lists what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Those that have ended too, the newest first
    #[arg(long)]
    all: bool,

    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let mut alarms = if args.all {
        workspace.alarms(args.limit).await?
    } else {
        workspace.open_alarms().await?
    };
    alarms.truncate(args.limit as usize);
    printer.answer(&alarms, |alarms| to_document(alarms))?;
    Ok(Outcome::Done)
}

fn to_document(alarms: &[Alarm]) -> Document {
    let mut document = Document::new();
    if alarms.is_empty() {
        document.line("nothing is wrong");
        return document;
    }
    let mut table = Table::new(["SINCE", "WHAT", "WHERE", "WHY", "STATE"]);
    for alarm in alarms {
        let why: Vec<&str> = alarm
            .causes
            .values()
            .map(|cause| cause.cause.sentence.as_str())
            .collect();
        let state = match (alarm.ended_at, alarm.good_since) {
            (Some(at), _) => Cell::new(format!("ended {}", at.format("%Y-%m-%d %H:%M"))),
            (None, Some(_)) => Cell::new("good again, for now"),
            (None, None) => Cell::new("open").styled(Style::Warning),
        };
        table.row([
            Cell::new(alarm.opened_at.format("%Y-%m-%d %H:%M").to_string()),
            Cell::new(alarm.kind.title()),
            Cell::new(&alarm.subject.name).styled(Style::Strong),
            Cell::clipped(why.join("; "), 100),
            state,
        ]);
    }
    document.table(table);
    document
}
