//! `tailwater job log`: what a run printed.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_engine::Workspace;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::interrupt;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job log 0199…
  tailwater job log 0199… --follow

`--follow` goes on until the run is over, on whatever machine it runs: exit code 0 when it succeeded, 1 when not. \
Ctrl-C ends the looking, and not the run.";

/// How much of a log is read at once.
const PIECE: u64 = 1024 * 1024;

/// Shows the log of a run
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The run
    id: JobRunId,

    /// Go on until the run is over
    #[arg(long, short)]
    follow: bool,
}

/// A run with what it printed.
#[derive(Debug, Serialize)]
struct Answer {
    run: JobRun,
    log: String,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let run = workspace.find_job_run(&args.id).await?;
    if args.follow {
        return watch(workspace, &args.id, printer).await;
    }
    if printer.is_json() {
        let log = whole(workspace, &run.id).await?;
        printer.answer(&Answer { run, log }, |_| Document::new())?;
    } else {
        show(workspace, &run.id, &mut 0, printer).await?;
    }
    Ok(Outcome::Done)
}

/// Shows the log of a run that another process runs, until it is over or nobody wants to look any more.
pub async fn watch(workspace: &Workspace, id: &JobRunId, printer: &Printer) -> Result<Outcome, Error> {
    let mut is_left = false;
    let followed = interrupt::stoppable(printer, async |stop| {
        let mut shown = 0;
        tokio::select! {
            followed = follow(workspace, id, &mut shown, printer) => followed,
            () = stop.cancelled() => {
                is_left = true;
                Ok(Outcome::Code(interrupt::INTERRUPTED))
            }
        }
    })
    .await;
    if is_left {
        printer.note(format!(
            "the run goes on: `tailwater job log {id} --follow` looks again, `tailwater job cancel {id}` ends it"
        ));
    }
    followed
}

/// Shows the log of a run from an offset, which grows with it, until it is over; how it ended is how this ends. With
/// `--json` the log goes to standard error, and the run is the answer.
pub async fn follow(
    workspace: &Workspace,
    id: &JobRunId,
    offset: &mut u64,
    printer: &Printer,
) -> Result<Outcome, Error> {
    loop {
        // Asked before the log is read: what is over by now writes no more.
        let run = workspace.find_job_run(id).await?;
        show(workspace, id, offset, printer).await?;
        if run.state.is_over() {
            if printer.is_json() {
                printer.answer(&run, |_| Document::new())?;
            } else if let Some(message) = &run.message {
                printer.note(Line::new().plain(format!("{}: {message}", run.state.title())));
            }
            return Ok(Outcome::with_failures(run.state != JobRunState::Succeeded));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Shows what there is from an offset, which grows with it. What dbt printed is told on line by line, as text that
/// cannot do anything to a terminal.
async fn show(
    workspace: &Workspace,
    id: &JobRunId,
    offset: &mut u64,
    printer: &Printer,
) -> Result<(), Error> {
    loop {
        let piece = workspace.job_run_log(id, *offset, PIECE).await?;
        if piece.bytes.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&piece.bytes);
        if printer.is_json() {
            write_lines(&mut std::io::stderr().lock(), &text)?;
        } else {
            write_lines(&mut printer.output(), &text)?;
        }
        *offset = piece.next();
    }
}

fn write_lines(output: &mut impl Write, text: &str) -> Result<(), Error> {
    for line in text.split_inclusive('\n') {
        let plain = crate::escape::to_line(line.trim_end_matches(['\r', '\n']));
        let end = if line.ends_with('\n') { "\n" } else { "" };
        write!(output, "{plain}{end}").map_err(Error::Output)?;
    }
    output.flush().map_err(Error::Output)
}

/// All that a run printed up to now.
async fn whole(workspace: &Workspace, id: &JobRunId) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let mut offset = 0;
    loop {
        let piece = workspace.job_run_log(id, offset, PIECE).await?;
        if piece.bytes.is_empty() {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        offset = piece.next();
        bytes.extend(piece.bytes);
    }
}

/// That a run waits.
pub fn queued_document(run: &JobRun) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("queued the run ")
            .strong(run.id.as_str())
            .plain(format!(" of {}", run.job)),
    );
    document.line(Line::new().prose(format!("next: `tailwater job log {} --follow`", run.id)));
    document
}
