//! `tailwater refresh`: refreshes what stands on what dbt has built.

use std::sync::Arc;

use camino::Utf8PathBuf;
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, NodeId, ProjectName};
use tailwater_core::refresh::{
    Decision, RefreshCause, RefreshOrigin, RefreshOutcome, RefreshRecord, Skip, TargetId, Verdict, Waiver,
    outcome_words, verdict_words,
};
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::ingest::IngestRequest;
use tailwater_engine::policy::DbtVariables;
use tailwater_engine::refresh::{Refresher, Until};
use tailwater_engine::refresh_plan::{BuildTold, PlanRequest, Planned, read_results};

use super::ingest;
use crate::document::{Document, Line, Style, counted};
use crate::environment;
use crate::error::{Error, Outcome};
use crate::interrupt::{INTERRUPTED, stoppable};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  dbt build; tailwater refresh --artifacts target --wait
  tailwater refresh --artifacts target --dry-run
  tailwater refresh 'Weekly sales' --force

With --artifacts it takes over what dbt wrote, as `tailwater ingest` does, and refreshes what is due: whatever \
stands on a node that was rebuilt since its last refresh, whose tests passed, as its policy allows. Without, what \
was taken over last decides. A name refreshes that alone, due or not. The exit code is 1 when a refresh failed or \
was held.";

/// Refreshes the extracts that stand on what dbt has built
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these, due or not: an exposure's name, label, unique_id, address or LUID, or a data source's name
    #[arg(value_name = "EXPOSURE", conflicts_with = "artifacts")]
    names: Vec<String>,

    /// Take over what dbt wrote to this directory first
    #[arg(long, value_name = "DIR")]
    artifacts: Option<Utf8PathBuf>,

    /// The project [default: the only one that is known]
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,

    /// The environment [default: the project's production]
    #[arg(long, value_name = "NAME")]
    environment: Option<EnvironmentName>,

    /// Wait until the BI tool has done it
    #[arg(long)]
    wait: bool,

    /// Only say what would be done: nothing is stored, nothing is asked for
    #[arg(long)]
    dry_run: bool,

    /// Refresh also within the interval and in quiet hours
    #[arg(long)]
    force: bool,

    /// Refresh also when a test or a build failed
    #[arg(long)]
    on_bad_data: bool,
}

/// What came of every target.
#[derive(Debug, Serialize)]
struct Answer {
    project: Option<ProjectName>,
    environment: Option<EnvironmentName>,
    is_dry_run: bool,
    counts: Counts,
    targets: Vec<Answered>,
}

/// How many targets came to what.
#[derive(Debug, Default, Serialize)]
struct Counts {
    /// Done, or to be done.
    refreshed: usize,
    /// Asked for, and not known to be done.
    under_way: usize,
    skipped: usize,
    held: usize,
    failed: usize,
}

/// What came of one target.
#[derive(Debug, Serialize)]
struct Answered {
    target: TargetId,
    name: String,
    exposures: Vec<NodeId>,
    /// In words.
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<RefreshOutcome>,
    decision: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RefreshRecord>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Arc<Workspace>, printer: &Printer) -> Result<Outcome, Error> {
    let request = plan_request(args, workspace).await?;
    let planned = workspace.plan_refreshes(&request).await?;
    for policy in &planned.unheard {
        printer.warn(&format!("{policy}; {}", policy.hint));
    }
    let (records, is_left) = if args.dry_run {
        (Vec::new(), false)
    } else {
        ask(args, &request, &planned, workspace, printer).await?
    };
    let answer = answer(args, &request, &planned, &records);
    let has_failures = answer.counts.held + answer.counts.failed > 0;
    printer.answer(&answer, to_document)?;
    if is_left {
        return Ok(Outcome::Code(INTERRUPTED));
    }
    Ok(Outcome::with_failures(has_failures))
}

async fn plan_request(args: &Args, workspace: &Workspace) -> Result<PlanRequest, Error> {
    let is_named = !args.names.is_empty();
    let project = match &args.project {
        Some(name) => Some(name.clone()),
        None if is_named => None,
        None => Some(workspace.only_project().await?),
    };
    let mut build = if is_named {
        BuildTold::Nothing
    } else {
        BuildTold::LastArtifacts
    };
    if let (Some(path), Some(project)) = (&args.artifacts, &project) {
        build = read_results(path)?;
        if !args.dry_run {
            let request = IngestRequest {
                project: project.clone(),
                environment: args.environment.clone(),
                path: path.clone(),
                is_forced: false,
                by: "command line".to_owned(),
            };
            ingest::take(workspace, &request).await?;
        }
    }
    Ok(PlanRequest {
        project,
        environment: args.environment.clone(),
        build,
        variables: DbtVariables::read(environment::dbt),
        names: args.names.clone(),
        waiver: Waiver {
            is_named,
            timing: args.force,
            gate: args.on_bad_data,
        },
        skips_open: args.dry_run,
    })
}

/// Asks for what is to be refreshed, and sends it; with `--wait` until it is over. Says also whether it was left before.
async fn ask(
    args: &Args,
    request: &PlanRequest,
    planned: &Planned,
    workspace: &Arc<Workspace>,
    printer: &Printer,
) -> Result<(Vec<RefreshRecord>, bool), Error> {
    let origin = RefreshOrigin {
        cause: if request.waiver.is_named {
            RefreshCause::ByHand
        } else {
            RefreshCause::Artifacts
        },
        project: request.project.clone(),
        environment: planned
            .environment
            .as_ref()
            .map(|environment| environment.name.clone()),
        invocation_id: request.build.invocation_id().map(ToOwned::to_owned),
        job_run: None,
        by: Some(Actor::CommandLine.title().into_owned()),
    };
    let asked = workspace
        .ask_refreshes(&planned.plan, &planned.targets, &planned.policies, &origin)
        .await?;
    let mut records = asked.records.clone();
    let queued: Vec<_> = asked.queued().map(|record| record.id.clone()).collect();
    if queued.is_empty() {
        return Ok((records, false));
    }
    let until = if args.wait { Until::Over } else { Until::Sent };
    // What quiet hours keep back is left to a server or to the next call.
    let now = planned.decided_at;
    let sendable: Vec<_> = asked
        .queued()
        .filter(|record| {
            args.wait
                || !matches!(&record.verdict, Verdict::Refresh { not_before: Some(at), .. } if *at > now)
        })
        .map(|record| record.id.clone())
        .collect();
    let (drained, is_stopped) = stoppable(printer, async |cancel| {
        let refresher = Refresher::new(Arc::clone(workspace), cancel.clone());
        let drained = refresher.drain(&sendable, until).await;
        (drained, cancel.is_cancelled())
    })
    .await;
    for record in drained? {
        if let Some(held) = records.iter_mut().find(|held| held.id == record.id) {
            *held = record;
        }
    }
    if is_stopped {
        printer.warn("stopped; what was asked for goes on, see `tailwater refreshes`");
    }
    Ok((records, is_stopped))
}

fn answer(args: &Args, request: &PlanRequest, planned: &Planned, records: &[RefreshRecord]) -> Answer {
    let mut counts = Counts::default();
    let one = |decision: &Decision| {
        let record = records
            .iter()
            .find(|record| record.target == decision.target)
            .cloned();
        let target = planned.targets.iter().find(|target| target.id == decision.target);
        let outcome = record.as_ref().map(|record| record.outcome);
        let result = match &record {
            Some(record) => outcome_words(record, planned.decided_at),
            None => verdict_words(&decision.verdict, planned.decided_at),
        };
        let count = match (outcome, &decision.verdict) {
            (Some(RefreshOutcome::Succeeded), _) | (None, Verdict::Refresh { .. }) => &mut counts.refreshed,
            (Some(RefreshOutcome::Failed | RefreshOutcome::Cancelled | RefreshOutcome::TimedOut), _) => {
                &mut counts.failed
            }
            (Some(RefreshOutcome::Queued | RefreshOutcome::Sending | RefreshOutcome::Running), _)
            | (None, Verdict::Wait { .. }) => &mut counts.under_way,
            (Some(RefreshOutcome::Held), _) | (None, Verdict::Hold { .. }) => &mut counts.held,
            (Some(RefreshOutcome::Skipped), _) | (None, Verdict::Skip { .. }) => &mut counts.skipped,
        };
        *count += 1;
        Answered {
            target: decision.target.clone(),
            name: decision.name.clone(),
            exposures: target
                .map(|target| target.exposures.iter().cloned().collect())
                .unwrap_or_default(),
            result,
            outcome,
            decision: decision.verdict.clone(),
            record,
        }
    };
    let targets = planned.plan.decisions.iter().map(one).collect();
    Answer {
        project: request.project.clone(),
        environment: planned
            .environment
            .as_ref()
            .map(|environment| environment.name.clone()),
        is_dry_run: args.dry_run,
        counts,
        targets,
    }
}

fn to_document(answer: &Answer) -> Document {
    let mut document = Document::new();
    for target in &answer.targets {
        let place = format!(
            " ({}, {}): ",
            target.target.kind.title(),
            target.target.integration
        );
        let style = match (target.outcome, &target.decision) {
            (Some(RefreshOutcome::Failed | RefreshOutcome::TimedOut), _) => Style::Bad,
            (Some(RefreshOutcome::Held | RefreshOutcome::Cancelled), _) | (_, Verdict::Hold { .. }) => {
                Style::Warning
            }
            (_, Verdict::Skip { .. }) => Style::Faint,
            _ => Style::Plain,
        };
        document.line(
            Line::new()
                .strong(&target.name)
                .plain(place)
                .styled(style, &target.result),
        );
    }
    if answer.targets.is_empty() {
        document.line("nothing that can be refreshed stands on it");
        return document;
    }
    let Counts {
        refreshed,
        under_way,
        skipped,
        held,
        failed,
    } = answer.counts;
    let refreshed_word = if answer.is_dry_run {
        "to refresh"
    } else {
        "refreshed"
    };
    let counts = [
        (refreshed, refreshed_word),
        (under_way, "under way"),
        (skipped, "skipped"),
        (held, "held"),
        (failed, "failed"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let all = counted(answer.targets.len(), "target");
    document.blank();
    document.line(format!("{all}: {}", counts.join(", ")));
    let is_off = |target: &&Answered| {
        target.decision
            == Verdict::Skip {
                reason: Skip::Disabled,
            }
    };
    let off = answer.targets.iter().filter(is_off).count();
    if off > 0 && refreshed + under_way == 0 {
        document.line(Line::new().prose(format!(
            "hint: refreshing is off for {}: set DBT_ACTIVE_EXPOSURES=1, or enable it with `tailwater policy set`",
            counted(off, "target")
        )));
    }
    document
}
