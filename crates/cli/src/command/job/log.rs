//! `tailwater job log`: what a run printed.

use std::io::Write as _;
use std::time::Duration;

use tailwater_core::id::JobRunId;
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_engine::Workspace;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater job log 0199…
  tailwater job log 0199… --follow

`--follow` goes on until the run is over, on whatever machine it runs: exit code 0 when it succeeded, 1 when not.";

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

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let run = workspace.find_job_run(&args.id).await?;
    if args.follow {
        return follow(workspace, &args.id, printer).await;
    }
    show(workspace, &run.id, 0, printer).await?;
    Ok(Outcome::Done)
}

/// Shows the log of a run until it is over; how it ended is how this ends.
pub async fn follow(workspace: &Workspace, id: &JobRunId, printer: &Printer) -> Result<Outcome, Error> {
    let mut offset = 0;
    loop {
        // Asked before the log is read: what is over by now writes no more.
        let run = workspace.find_job_run(id).await?;
        offset = show(workspace, id, offset, printer).await?;
        if run.state.is_over() {
            if let Some(message) = &run.message {
                printer.note(Line::new().plain(format!("{}: {message}", run.state.title())));
            }
            return Ok(Outcome::with_failures(run.state != JobRunState::Succeeded));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Shows what there is from an offset; answers where to go on. What dbt printed is told on line by line, as text
/// that cannot do anything to a terminal.
async fn show(workspace: &Workspace, id: &JobRunId, from: u64, printer: &Printer) -> Result<u64, Error> {
    let mut offset = from;
    loop {
        let piece = workspace.job_run_log(id, offset, PIECE).await?;
        if piece.bytes.is_empty() {
            return Ok(offset);
        }
        let mut output = printer.output();
        let text = String::from_utf8_lossy(&piece.bytes);
        for line in text.split_inclusive('\n') {
            let plain = crate::escape::to_line(line.trim_end_matches(['\r', '\n']));
            let end = if line.ends_with('\n') { "\n" } else { "" };
            write!(output, "{plain}{end}").map_err(Error::Output)?;
        }
        output.flush().map_err(Error::Output)?;
        offset = piece.next();
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
