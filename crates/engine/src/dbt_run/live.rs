//! Deciding of targets while dbt runs.
//!
//! The moment a node or test ends, the targets that it may decide are asked about, and those that are due and
//! good are landed as refreshes. What a target waits for is asked anew each time, so that no order of events can
//! leave one behind; at the end everything is planned once more.

use std::collections::HashSet;

use tailwater_core::refresh::{
    BuildState, Decision, RefreshOrigin, RefreshPlan, RefreshRecord, TargetId, Verdict,
};
use tailwater_core::run::{RunResults, SourceFreshness};
use tailwater_dbt::log::NodeEnd;

use super::expectation::Ready;
use crate::error::Error;
use crate::refresh::AskedRefreshes;
use crate::refresh_plan::PreparedRefreshes;
use crate::workspace::Workspace;

/// What decides, once it was prepared, and what has ended before.
#[derive(Debug)]
pub(super) struct Live {
    /// dbt's command, by which a result is of a build or of a test.
    command: String,
    origin: RefreshOrigin,
    state: State,
    /// Landed during this run: none of them is landed again.
    landed: HashSet<TargetId>,
}

#[derive(Debug)]
enum State {
    /// Nothing can be decided yet; ends are kept.
    Waiting(Vec<NodeEnd>),
    Deciding(Box<Deciding>),
}

#[derive(Debug)]
struct Deciding {
    prepared: PreparedRefreshes,
    build: BuildState,
}

impl Live {
    pub fn new(command: String, origin: RefreshOrigin) -> Self {
        Self {
            command,
            origin,
            state: State::Waiting(Vec::new()),
            landed: HashSet::new(),
        }
    }

    /// dbt told its id, which refreshes are told to follow.
    pub fn note_invocation(&mut self, id: &str) {
        self.origin.invocation_id = Some(id.to_owned());
    }

    /// From now on there can be decisions, as far as it is known what the command will run.
    pub async fn begin(&mut self, workspace: &Workspace, ready: Ready) -> Result<Vec<RefreshRecord>, Error> {
        let Ready { prepared, expected } = ready;
        let mut build = prepared.running();
        if let Some(expected) = expected {
            build.expect(expected);
        }
        if let State::Waiting(ended) = &mut self.state {
            for end in ended.drain(..) {
                let at = end.at.unwrap_or_else(|| workspace.clock().now());
                build.add_result(&self.command, end.result, at);
            }
        }
        let plan = prepared.planner.plan(&build, workspace.clock().now());
        self.state = State::Deciding(Box::new(Deciding { prepared, build }));
        self.land(workspace, plan.refreshes().cloned().collect()).await
    }

    /// Whether decisions can be made.
    pub const fn is_deciding(&self) -> bool {
        matches!(self.state, State::Deciding(_))
    }

    /// Whether it is known what the command was going to run.
    pub fn knows_what_was_to_come(&self) -> bool {
        match &self.state {
            State::Waiting(_) => false,
            State::Deciding(deciding) => deciding.build.is_expectation_known(),
        }
    }

    /// A node or test has ended.
    pub async fn ended(&mut self, workspace: &Workspace, end: &NodeEnd) -> Result<Vec<RefreshRecord>, Error> {
        let deciding = match &mut self.state {
            State::Waiting(ended) => {
                ended.push(end.clone());
                return Ok(Vec::new());
            }
            State::Deciding(deciding) => deciding,
        };
        let now = workspace.clock().now();
        deciding
            .build
            .add_result(&self.command, end.result.clone(), end.at.unwrap_or(now));
        let planner = &deciding.prepared.planner;
        let standing = planner.standing_on(&end.result.unique_id).into_iter();
        let open = standing.filter(|target| !self.landed.contains(*target));
        let mut due = planner.decide_each(open, &deciding.build, now);
        due.retain(|decision| matches!(decision.verdict, Verdict::Refresh { .. }));
        self.land(workspace, due).await
    }

    /// dbt has ended: decides of everything else, by its reports where it wrote them. `None` when nothing was got
    /// ready to decide with.
    pub async fn finish(
        &mut self,
        workspace: &Workspace,
        run: Option<&RunResults>,
        freshness: Option<&SourceFreshness>,
    ) -> Result<Option<(RefreshPlan, AskedRefreshes)>, Error> {
        let State::Deciding(deciding) = &mut self.state else {
            return Ok(None);
        };
        let Deciding { prepared, build } = &mut **deciding;
        if let Some(run) = run {
            build.add_run(run);
        }
        if let Some(freshness) = freshness {
            build.add_freshness(freshness);
        }
        build.finish();
        let whole = prepared.planner.plan(build, workspace.clock().now());
        // Each target is asked for at most once in a run.
        let rest = whole
            .decisions
            .into_iter()
            .filter(|decision| !self.landed.contains(&decision.target));
        let plan = RefreshPlan::new(rest.collect());
        let (targets, policies) = prepared.landing_of(&plan);
        let asked = workspace
            .ask_refreshes(&plan, &targets, &policies, &self.origin)
            .await?;
        Ok(Some((plan, asked)))
    }

    async fn land(&mut self, workspace: &Workspace, due: Vec<Decision>) -> Result<Vec<RefreshRecord>, Error> {
        let due: Vec<Decision> = due
            .into_iter()
            .filter(|decision| !self.landed.contains(&decision.target))
            .collect();
        let State::Deciding(deciding) = &self.state else {
            return Ok(Vec::new());
        };
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let plan = RefreshPlan::new(due);
        let (targets, policies) = deciding.prepared.landing_of(&plan);
        let asked = workspace
            .ask_refreshes(&plan, &targets, &policies, &self.origin)
            .await?;
        self.landed
            .extend(plan.decisions.into_iter().map(|decision| decision.target));
        Ok(asked.records)
    }
}
