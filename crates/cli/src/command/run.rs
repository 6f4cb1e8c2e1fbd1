//! `tailwater run -- dbt …`: a dbt command, and the refreshes that follow from it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_core::job::Mask;
use tailwater_core::refresh::{
    RefreshCause, RefreshId, RefreshOutcome, RefreshRecord, Verdict, outcome_words,
};
use tailwater_engine::Workspace;
use tailwater_engine::dbt_run::{
    DbtCommand, DbtRunOutcome, DbtRunRequest, RefreshRequest, RunSink, Stop, Stream, find_dbt,
};
use tailwater_engine::ingest::IngestReport;
use tailwater_engine::policy::DbtVariables;
use tailwater_engine::refresh::{Refresher, Until};
use tokio_util::sync::CancellationToken;

use crate::document::{Document, counted};
use crate::environment;
use crate::error::{Error, Outcome};
use crate::interrupt;
use crate::printer::Printer;

/// How long dbt gets to end by itself after Ctrl-C, and again after SIGTERM. It cancels its queries meanwhile.
const GRACE: Duration = Duration::from_secs(20);
/// How long it is waited for that the BI tool takes what was asked for. What it has not taken then is sent by
/// `tailwater serve`, or by the next run.
const UNTIL_SENT: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Examples:
  tailwater run -- dbt build
  tailwater run --wait -- dbt build --select tag:nightly --target prod
  tailwater run -- uv run dbt build
  tailwater run --artifacts out -- docker run -v ./out:/out image dbt --log-format json build --target-path /out

dbt prints what it always prints. Meanwhile its log is read: as soon as everything that an extract stands on is \
built and tested, its refresh is asked for, while the build goes on. At the end what dbt wrote is taken over as by \
`tailwater ingest`, and the rest is decided: refreshed, skipped or held, with the reason.

Ctrl-C is handed on to dbt once; a second one ends it. The exit code is dbt's own when that is not 0; else 0, or 1 \
when a refresh failed that was waited for. It is 2 when dbt could not be started.";

/// Runs dbt, and refreshes extracts as soon as what they stand on is built and tested
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The project that dbt builds [default: the only one that is known]
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,

    /// The environment that dbt builds [default: the project's production]
    #[arg(long, value_name = "NAME")]
    environment: Option<EnvironmentName>,

    /// Wait until the BI tool has done what was asked of it
    #[arg(long, conflicts_with = "no_refresh")]
    wait: bool,

    /// Take over what dbt wrote, and refresh nothing
    #[arg(long)]
    no_refresh: bool,

    /// Where dbt's artifacts can be read, when dbt writes them in a container
    #[arg(long, value_name = "DIR")]
    artifacts: Option<Utf8PathBuf>,

    /// The name by which the command calls dbt [default: `TAILWATER_DBT`, else `dbt`]
    #[arg(long = "dbt", value_name = "NAME")]
    name: Option<String>,

    /// The command: `dbt` with its arguments, wrapped or not
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<String>,
}

/// What came of the run.
#[derive(Debug, Serialize)]
struct Answer {
    command: String,
    exit_code: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dbt_version: Option<String>,
    /// How many nodes and tests ended.
    ended: usize,
    ingested: Option<IngestReport>,
    /// How many refreshes were asked for while dbt ran.
    live: usize,
    refreshes: Vec<RefreshRecord>,
    problems: Vec<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    let project = match &args.project {
        Some(name) => name.clone(),
        None => workspace.only_project().await?,
    };
    let scratch = tempfile::tempdir().map_err(Error::Scratch)?;
    let logs = Utf8PathBuf::from_path_buf(scratch.path().join("logs")).ok();
    let request = DbtRunRequest {
        project,
        environment: args.environment.clone(),
        command: command(args, workspace, logs)?,
        artifacts: args.artifacts.clone(),
        by: "command line".to_owned(),
        job_run: None,
        refresh: (!args.no_refresh).then(|| RefreshRequest {
            cause: RefreshCause::DbtRun,
            job_run: None,
            variables: DbtVariables::read(environment::dbt),
        }),
        mask: Mask::default(),
    };
    // Sends while dbt runs; ends with this command.
    let refresher = Refresher::new(Arc::clone(workspace), CancellationToken::new());
    if request.refresh.is_some() {
        refresher.start();
    }
    let stop = Stop::new(CancellationToken::new(), GRACE);
    let mut terminal = Terminal { printer, workspace };
    let ran = interrupt::handed_on(
        printer,
        Box::pin(tailwater_engine::dbt_run::run(
            workspace,
            &request,
            &stop,
            &mut terminal,
        )),
        || stop.ask(),
        || stop.insist(),
    )
    .await;
    let mut outcome = match ran {
        Ok(outcome) => outcome,
        Err(error) => {
            refresher.shut_down().await;
            return Err(error.into());
        }
    };
    for problem in &outcome.problems {
        printer.warn(problem);
    }
    let sent = send(args, &refresher, workspace, &mut outcome, printer).await;
    refresher.shut_down().await;
    sent?;
    if !outcome.exit.is_done() {
        printer.note(format!("dbt {}", outcome.exit));
    }
    let code = outcome.exit.code();
    let has_failures = args.wait && outcome.refreshes.iter().any(has_failed);
    let answer = Answer {
        command: request.command.line(),
        exit_code: code,
        invocation_id: outcome.invocation_id,
        dbt_version: outcome.dbt_version,
        ended: outcome.results.len(),
        ingested: outcome.ingested,
        live: outcome.live,
        refreshes: outcome.refreshes,
        problems: outcome.problems,
    };
    if printer.is_json() {
        printer.answer(&answer, |_| Document::new())?;
    } else {
        printer.note(summary(&answer));
    }
    Ok(match u8::try_from(code) {
        Ok(0) => Outcome::with_failures(has_failures),
        Ok(code) => Outcome::Code(code),
        Err(_) => Outcome::Code(u8::MAX),
    })
}

/// The words as they were given, taken apart where dbt's own begin.
fn command(args: &Args, workspace: &Workspace, logs: Option<Utf8PathBuf>) -> Result<DbtCommand, Error> {
    let words = &args.command;
    let name = args
        .name
        .clone()
        .or_else(|| environment::text(environment::DBT))
        .and_then(|text| text.split_whitespace().last().map(ToOwned::to_owned))
        .unwrap_or_else(|| "dbt".to_owned());
    let Some(at) = find_dbt(words, &name) else {
        return Err(
            tailwater_engine::Error::from(tailwater_engine::dbt::Error::NotDbt {
                line: words.join(" "),
                name,
            })
            .into(),
        );
    };
    let (program, arguments) = words.split_at(at + 1);
    let mut command = DbtCommand::new("", arguments.iter().cloned());
    command.program = program.to_vec();
    command.log_path = logs;
    command.withheld = workspace.secret_variables();
    Ok(command)
}

/// Sees to it that what was asked for is sent; with `--wait` that it is over.
async fn send(
    args: &Args,
    refresher: &Refresher,
    workspace: &Workspace,
    outcome: &mut DbtRunOutcome,
    printer: &Printer,
) -> Result<(), Error> {
    let now = workspace.clock().now();
    // What quiet hours keep back is left to a server or to the next run.
    let is_later = |record: &RefreshRecord| matches!(&record.verdict, Verdict::Refresh { not_before: Some(at), .. } if *at > now);
    let ids: Vec<RefreshId> = outcome
        .refreshes
        .iter()
        .filter(|record| record.outcome == RefreshOutcome::Queued)
        .filter(|record| args.wait || !is_later(record))
        .map(|record| record.id.clone())
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let waited = if args.wait {
        let stopped = CancellationToken::new();
        interrupt::handed_on(
            printer,
            async {
                tokio::select! {
                    done = refresher.wait_for(&ids, Until::Over) => Some(done),
                    () = stopped.cancelled() => None,
                }
            },
            || stopped.cancel(),
            || {},
        )
        .await
    } else {
        let sent = refresher.wait_for(&ids, Until::Sent);
        tokio::time::timeout(UNTIL_SENT, sent).await.ok()
    };
    let Some(records) = waited else {
        printer.warn(
            "some refreshes were not taken by the BI tool yet; `tailwater refreshes` tells how they stand",
        );
        return Ok(());
    };
    for record in records? {
        if record.outcome.is_over() {
            let line = format!(
                "{}: {}",
                record.name,
                outcome_words(&record, workspace.clock().now())
            );
            if has_failed(&record) {
                printer.warn(&line);
            } else {
                printer.note(line);
            }
        }
        if let Some(held) = outcome.refreshes.iter_mut().find(|held| held.id == record.id) {
            *held = record;
        }
    }
    Ok(())
}

const fn has_failed(record: &RefreshRecord) -> bool {
    matches!(
        record.outcome,
        RefreshOutcome::Failed | RefreshOutcome::TimedOut | RefreshOutcome::Cancelled
    )
}

fn summary(answer: &Answer) -> String {
    let count = |outcomes: &[RefreshOutcome]| {
        let of_it = answer.refreshes.iter();
        of_it.filter(|record| outcomes.contains(&record.outcome)).count()
    };
    let parts = [
        (count(&[RefreshOutcome::Succeeded]), "done"),
        (
            count(&[
                RefreshOutcome::Queued,
                RefreshOutcome::Sending,
                RefreshOutcome::Running,
            ]),
            "under way",
        ),
        (count(&[RefreshOutcome::Held]), "held"),
        (count(&[RefreshOutcome::Skipped]), "skipped"),
        (
            count(&[
                RefreshOutcome::Failed,
                RefreshOutcome::TimedOut,
                RefreshOutcome::Cancelled,
            ]),
            "failed",
        ),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() {
        return "no refresh follows from this run".to_owned();
    }
    let live = match answer.live {
        0 => String::new(),
        live => format!("; {live} decided while dbt ran"),
    };
    let all = counted(answer.refreshes.len(), "refresh decision");
    format!("{all}: {}{live}", parts.join(", "))
}

/// Passes everything on as it comes.
struct Terminal<'a> {
    printer: &'a Printer,
    workspace: &'a Workspace,
}

impl RunSink for Terminal<'_> {
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        // With `--json`, standard output is for the one document.
        let to_stdout = stream == Stream::Stdout && !self.printer.is_json();
        // A reader that went away does not stop dbt.
        let _ = if to_stdout {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        } else {
            std::io::stderr().lock().write_all(bytes)
        };
    }

    fn asked(&mut self, refresh: &RefreshRecord) {
        let words = outcome_words(refresh, self.workspace.clock().now());
        self.printer.note(format!("{}: {words}", refresh.name));
    }
}
