//! A run from its start to the plan after its end.

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_dbt::command::{DbtExit, Heard, Lines, Stop, Stream};
use tailwater_dbt::log::DbtEvent;

use super::artifact::Look;
use super::request::{DbtRunOutcome, DbtRunRequest};
use super::sink::RunSink;
use crate::error::Error;
use crate::workspace::Workspace;

/// The longest printed line that is handed on as a line.
const LONGEST_LINE: usize = 64 * 1024;

/// Runs one dbt command to its end, takes its artifacts over, and tells of everything meanwhile. That dbt fails is no
/// error here, but an outcome; an error is what keeps dbt from being started.
pub async fn run(
    workspace: &Workspace,
    request: &DbtRunRequest,
    stop: &Stop,
    sink: &mut dyn RunSink,
) -> Result<DbtRunOutcome, Error> {
    // Before dbt works for an hour: a wrong name is told at once.
    workspace
        .find_environment(&request.project, request.environment.as_ref())
        .await?;
    let command = &request.command;
    let target = command.target_directory().path;
    let mut directory = request.artifacts.clone().unwrap_or(target);
    let mut before = Look::at(&directory);
    let mut running = command.start(stop)?;
    let mut printed = Printed::default();
    let mut heard = Story::default();
    let exit = loop {
        match running.hear().await {
            Some(Heard::Output { stream, bytes }) => {
                sink.output(stream, &bytes);
                printed.push(stream, &bytes, sink);
            }
            Some(Heard::Event(event)) => {
                sink.event(&event);
                if let DbtEvent::ArtifactWritten { path } = &event
                    && request.artifacts.is_none()
                    && let Some(written) = written_to(command.project_directory(), path)
                    && written != directory
                    && written.is_dir()
                {
                    // dbt knows best: the project may say where in ways that only dbt reads. All that is there
                    // from now on is of this run, the manifest being the first that is written.
                    directory = written;
                    before = Look::default();
                }
                heard.add(event);
            }
            Some(Heard::Exited(exit)) => break exit,
            None => break DbtExit::CouldNotRun,
        }
    };
    printed.finish(sink);
    let mut outcome = DbtRunOutcome {
        exit,
        invocation_id: heard.invocation_id,
        dbt_version: heard.dbt_version,
        results: heard.results,
        ingested: None,
        problems: Vec::new(),
    };
    let files = before.changed(&directory);
    match workspace.ingest_run(request, &files).await {
        Ok(report) => outcome.ingested = report,
        Err(error) => outcome.problems.push(format!(
            "the artifacts in {directory} were not taken over: {error} ({})",
            error.code()
        )),
    }
    Ok(outcome)
}

/// The directory of an artifact, which dbt names from the directory that it works in.
fn written_to(project: Utf8PathBuf, path: &camino::Utf8Path) -> Option<Utf8PathBuf> {
    Some(project.join(path.parent()?))
}

/// What was heard so far.
#[derive(Debug, Default)]
struct Story {
    invocation_id: Option<String>,
    dbt_version: Option<String>,
    results: Vec<tailwater_core::run::NodeResult>,
}

impl Story {
    fn add(&mut self, event: DbtEvent) {
        match event {
            DbtEvent::InvocationStarted {
                invocation_id,
                dbt_version,
                ..
            } => {
                self.invocation_id = Some(invocation_id);
                self.dbt_version = dbt_version.or(self.dbt_version.take());
            }
            DbtEvent::NodeFinished(end) => self.results.push(end.result),
            _ => {}
        }
    }
}

/// What dbt prints, cut into lines.
#[derive(Debug)]
struct Printed {
    stdout: Lines,
    stderr: Lines,
}

impl Default for Printed {
    fn default() -> Self {
        Self {
            stdout: Lines::new(LONGEST_LINE),
            stderr: Lines::new(LONGEST_LINE),
        }
    }
}

impl Printed {
    fn push(&mut self, stream: Stream, bytes: &[u8], sink: &mut dyn RunSink) {
        let lines = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        lines.push(bytes, |line| sink.line(stream, &String::from_utf8_lossy(line)));
    }

    fn finish(&mut self, sink: &mut dyn RunSink) {
        self.stdout
            .finish(|line| sink.line(Stream::Stdout, &String::from_utf8_lossy(line)));
        self.stderr
            .finish(|line| sink.line(Stream::Stderr, &String::from_utf8_lossy(line)));
    }
}
