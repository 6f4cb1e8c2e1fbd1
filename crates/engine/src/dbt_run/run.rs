//! A run from its start to the plan after its end.

use std::pin::Pin;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::EnvironmentName;
use tailwater_core::refresh::{RefreshOrigin, RefreshPlan, RefreshRecord};
use tailwater_core::run::NodeResult;
use tailwater_dbt::ArtifactKind;
use tailwater_dbt::command::{DbtExit, Heard, Lines, Listing, Stop, Stream};
use tailwater_dbt::log::DbtEvent;
use tokio::task::JoinHandle;

use super::artifact::Look;
use super::expectation::{Ready, list};
use super::live::Live;
use super::request::{DbtRunOutcome, DbtRunRequest, RefreshRequest};
use super::sink::RunSink;
use crate::error::Error;
use crate::ingest::IngestReport;
use crate::signal::{InvocationEnd, ToldInvocation};
use crate::workspace::Workspace;

/// The longest printed line that is handed on as a line.
const LONGEST_LINE: usize = 64 * 1024;

/// Runs one dbt command to its end, takes its artifacts over, asks for the refreshes that follow from it as soon as
/// they do, and tells of everything meanwhile. That dbt fails is no error here, but an outcome; an error is what keeps
/// dbt from being started. Whoever calls sees to it that somebody sends the refreshes.
pub async fn run(
    workspace: &Workspace,
    request: &DbtRunRequest,
    stop: &Stop,
    sink: &mut dyn RunSink,
) -> Result<DbtRunOutcome, Error> {
    // Before dbt works for an hour: a wrong name is told at once.
    let environment = workspace
        .find_environment(&request.project, request.environment.as_ref())
        .await?;
    let command = &request.command;
    let directory = request
        .artifacts
        .clone()
        .unwrap_or_else(|| command.target_directory().path);
    let before = Look::at(&directory);
    let mut running = command.start(stop)?;
    let mut problems = Vec::new();
    let live = request.refresh.as_ref().and_then(|refresh| {
        if command.builds_less() {
            problems.push(
                "nothing is refreshed: with `--empty` or `--sample` tables do not get all their rows"
                    .to_owned(),
            );
            return None;
        }
        let origin = RefreshOrigin {
            cause: refresh.cause,
            project: Some(environment.project.clone()),
            environment: Some(environment.name.clone()),
            invocation_id: None,
            job_run: refresh.job_run.clone(),
            by: Some(request.by.clone()),
        };
        let words = command.words().subcommand;
        Some((
            refresh,
            Live::new(words.map(|words| words.name()).unwrap_or_default(), origin),
        ))
    });
    let mut following = Following {
        workspace,
        request,
        environment: environment.name,
        told: None,
        directory,
        before,
        listing: live
            .is_some()
            .then(|| tokio::spawn(list(command.clone(), stop.clone()))),
        live,
        invocation_id: None,
        dbt_version: None,
        results: Vec::new(),
        refreshes: Vec::new(),
        problems,
    };
    let mut printed = Printed::default();
    // What is got ready beside the run.
    let mut getting_ready: Option<GettingReady<'_>> = None;
    let exit = loop {
        tokio::select! {
            heard = running.hear() => match heard {
                Some(Heard::Output { stream, bytes }) => {
                    sink.output(stream, &bytes);
                    printed.push(stream, &bytes, sink);
                }
                Some(Heard::Event(event)) => {
                    sink.event(&event);
                    // What is got ready goes on meanwhile: standing still, it could hold the very connection to the
                    // store that this waits for.
                    let mut was_ready = None;
                    let begun = {
                        let hearing = following.hear(event, sink);
                        tokio::pin!(hearing);
                        loop {
                            tokio::select! {
                                begun = &mut hearing => break begun,
                                ready = ready(&mut getting_ready), if was_ready.is_none() => was_ready = Some(ready),
                            }
                        }
                    };
                    if let Some(ready) = was_ready {
                        getting_ready = None;
                        following.begin(ready, sink).await;
                    }
                    if begun.is_some() {
                        getting_ready = begun;
                    }
                }
                Some(Heard::Exited(exit)) => break exit,
                None => break DbtExit::CouldNotRun,
            },
            ready = ready(&mut getting_ready) => {
                getting_ready = None;
                following.begin(ready, sink).await;
            }
        }
    };
    printed.finish(sink);
    following.end(exit, getting_ready, sink).await
}

type GettingReady<'a> = Pin<Box<dyn Future<Output = Result<Ready, Error>> + Send + 'a>>;

/// Waits for what is being got ready; for ever when nothing is.
async fn ready(getting: &mut Option<GettingReady<'_>>) -> Result<Ready, Error> {
    match getting {
        Some(getting) => getting.await,
        None => std::future::pending().await,
    }
}

/// One run that is followed.
struct Following<'a> {
    workspace: &'a Workspace,
    request: &'a DbtRunRequest,
    environment: EnvironmentName,
    /// What collectors of lineage were told of.
    told: Option<ToldInvocation>,
    /// Where the artifacts are, and how they looked before.
    directory: Utf8PathBuf,
    before: Look,
    /// `dbt ls`, running beside.
    listing: Option<JoinHandle<Option<Listing>>>,
    live: Option<(&'a RefreshRequest, Live)>,
    invocation_id: Option<String>,
    dbt_version: Option<String>,
    results: Vec<NodeResult>,
    refreshes: Vec<RefreshRecord>,
    problems: Vec<String>,
}

impl<'a> Following<'a> {
    /// Hears an event. Answers with what is to be got ready when the event says that it can be.
    async fn hear(&mut self, event: DbtEvent, sink: &mut dyn RunSink) -> Option<GettingReady<'a>> {
        match event {
            DbtEvent::InvocationStarted {
                invocation_id,
                dbt_version,
                at,
            } => {
                if let Some((_, live)) = &mut self.live {
                    live.note_invocation(&invocation_id);
                }
                self.dbt_version = dbt_version.or(self.dbt_version.take());
                let told = ToldInvocation {
                    project: self.request.project.clone(),
                    environment: self.environment.clone(),
                    invocation_id: invocation_id.clone(),
                    dbt_version: self.dbt_version.clone(),
                    job_run: self.request.job_run.clone(),
                    began_at: at.unwrap_or_else(|| self.workspace.clock().now()),
                };
                self.invocation_id = Some(invocation_id);
                self.workspace.tell_invocation(&told, None).await;
                self.told = Some(told);
            }
            DbtEvent::ArtifactWritten { path } => {
                self.note_directory(&path);
                if path.file_name() == Some(ArtifactKind::Manifest.file_name()) {
                    return self.get_ready();
                }
            }
            DbtEvent::NodeFinished(end) => {
                if let Some((_, live)) = &mut self.live {
                    let asked = live.ended(self.workspace, &end).await;
                    self.note_asked(asked, sink);
                }
                self.results.push(end.result);
                // A log without that event: the manifest is there before the first node.
                return self.get_ready();
            }
            _ => {}
        }
        None
    }

    /// dbt knows best where it writes: the project may say so in ways that only dbt reads. All that is there from
    /// then on is of this run, the manifest being the first artifact.
    fn note_directory(&mut self, artifact: &Utf8Path) {
        let Some(parent) = artifact.parent().filter(|_| self.request.artifacts.is_none()) else {
            return;
        };
        let written = self.request.command.project_directory().join(parent);
        let is_same = |left: &Utf8Path, right: &Utf8Path| {
            left == right
                || left
                    .canonicalize()
                    .ok()
                    .is_some_and(|left| right.canonicalize().ok() == Some(left))
        };
        if written.is_dir() && !is_same(&written, &self.directory) {
            self.directory = written;
            self.before = Look::default();
        }
    }

    /// Begins to get ready, once.
    fn get_ready(&mut self) -> Option<GettingReady<'a>> {
        let listing = self.listing.take()?;
        let (refresh, _) = self.live.as_ref()?;
        let (workspace, request, refresh) = (self.workspace, self.request, *refresh);
        let changed = self.before.changed(&self.directory);
        let manifest = changed
            .into_iter()
            .find(|(kind, _)| *kind == ArtifactKind::Manifest)
            .map(|(_, path)| path);
        Some(Box::pin(async move {
            let listing = Ended(listing).wait().await;
            workspace
                .ready_to_decide(request, refresh, manifest, listing)
                .await
        }))
    }

    async fn begin(&mut self, ready: Result<Ready, Error>, sink: &mut dyn RunSink) {
        let Some((_, live)) = &mut self.live else {
            return;
        };
        match ready {
            Ok(ready) => {
                let asked = live.begin(self.workspace, ready).await;
                self.note_asked(asked, sink);
            }
            Err(error) => {
                self.problems.push(told("refreshes cannot be planned", &error));
                self.live = None;
            }
        }
    }

    fn note_asked(&mut self, asked: Result<Vec<RefreshRecord>, Error>, sink: &mut dyn RunSink) {
        match asked {
            Ok(records) => {
                for record in records {
                    sink.asked(&record);
                    self.refreshes.push(record);
                }
            }
            // What could not be landed now is planned again at the end.
            Err(error) => tracing::warn!(%error, "a refresh could not be asked for while dbt runs"),
        }
    }

    async fn end(
        mut self,
        exit: DbtExit,
        getting_ready: Option<GettingReady<'a>>,
        sink: &mut dyn RunSink,
    ) -> Result<DbtRunOutcome, Error> {
        let is_own = exit.is_its_own();
        let mut getting_ready = getting_ready;
        if getting_ready.is_none() {
            // dbt ended before its log said anything, or has no log that can be read.
            if let Some(listing) = &self.listing {
                listing.abort();
            }
            if self.live.as_ref().is_some_and(|(_, live)| !live.is_deciding()) {
                getting_ready = self.get_ready();
            }
        }
        if let Some(getting_ready) = getting_ready {
            let ready = getting_ready.await;
            self.begin(ready, sink).await;
        }
        let files = self.before.changed(&self.directory);
        let mut ingested = None;
        match self.workspace.ingest_run(self.request, &files).await {
            Ok(report) => ingested = report,
            Err(error) => {
                let what = format!("the artifacts in {} were not taken over", self.directory);
                self.problems.push(told(&what, &error));
            }
        }
        self.tell_end(&exit, ingested.as_ref()).await;
        let live = self.refreshes.len();
        let plan = self.finish_plan(is_own, &files, sink).await;
        Ok(DbtRunOutcome {
            exit,
            invocation_id: self.invocation_id,
            dbt_version: self.dbt_version,
            results: self.results,
            ingested,
            refreshes: self.refreshes,
            live,
            plan,
            problems: self.problems,
        })
    }

    /// Tells collectors of lineage how dbt ended, unless its results were taken over, which say more.
    async fn tell_end(&self, exit: &DbtExit, ingested: Option<&IngestReport>) {
        let Some(told) = &self.told else { return };
        let has_results = ingested.is_some_and(|report| report.new_runs > 0);
        if has_results {
            return;
        }
        let end = match exit {
            DbtExit::Done => InvocationEnd::Done,
            DbtExit::Signal { .. } => InvocationEnd::Stopped,
            _ => InvocationEnd::Failed(format!("dbt {exit}")),
        };
        self.workspace.tell_invocation(told, Some(&end)).await;
    }

    async fn finish_plan(
        &mut self,
        is_own: bool,
        files: &[(ArtifactKind, Utf8PathBuf)],
        sink: &mut dyn RunSink,
    ) -> Option<RefreshPlan> {
        let (_, live) = self.live.as_mut()?;
        if !is_own && !live.knows_what_was_to_come() {
            self.problems.push(
                "nothing more is refreshed: dbt did not come to its end, and what it would have built is not known"
                    .to_owned(),
            );
            return None;
        }
        let path = |wanted: ArtifactKind| {
            let found = files.iter().find(|(kind, _)| *kind == wanted);
            found.map(|(_, path)| path.as_path())
        };
        // A report that cannot be read leaves what the log said.
        let run = path(ArtifactKind::RunResults).and_then(|path| tailwater_dbt::load_run_results(path).ok());
        let freshness = path(ArtifactKind::Sources).and_then(|path| tailwater_dbt::load_sources(path).ok());
        match live
            .finish(self.workspace, run.as_ref(), freshness.as_ref())
            .await
        {
            Ok(None) => None,
            Ok(Some((plan, asked))) => {
                self.note_asked(Ok(asked.records), sink);
                Some(plan)
            }
            Err(error) => {
                self.problems.push(told("refreshes cannot be asked for", &error));
                None
            }
        }
    }
}

/// A task whose end is waited for; it ends with whoever waits.
struct Ended<T>(JoinHandle<T>);

impl<T> Ended<Option<T>> {
    async fn wait(mut self) -> Option<T> {
        (&mut self.0).await.ok().flatten()
    }
}

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn told(what: &str, error: &Error) -> String {
    let hint = error.hint().map(|hint| format!(". {hint}")).unwrap_or_default();
    format!("{what}: {error} ({}){hint}", error.code())
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
