//! Planning refreshes: the catalog, what was refreshed before and what was said of it, put before the pure rules of
//! [`tailwater_core::refresh`].
//!
//! ```text
//! catalog ─▶ targets ─┐
//! store ─▶ last refreshes, policies ─┼─▶ PreparedRefreshes { planner, history } ─▶ plan, once or while dbt runs
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use tailwater_core::history::NodeStates;
use tailwater_core::id::{EnvironmentName, IntegrationName, NodeId, ProjectName};
use tailwater_core::inventory::Inventory;
use tailwater_core::project::{Node, Project};
use tailwater_core::refresh::{
    BuildState, Candidate, EffectivePolicy, Planner, Policy, RefreshOutcome, RefreshPlan, Target, TargetId,
    Waiver, targets,
};
use tailwater_core::run::{RunResults, SourceFreshness};
use tailwater_dbt::ArtifactKind;
use tailwater_store::RefreshFilter;

use crate::artifact_cache::Parsed;
use crate::catalog::{Catalog, blocking};
use crate::curation::find_any_exposure;
use crate::environment::Environment;
use crate::error::Error;
use crate::explain::nearest;
use crate::policy::{DbtVariables, PolicyBook, PolicyError, UnheardPolicy, unheard};
use crate::workspace::Workspace;

/// How many open refreshes are looked at.
const MOST_OPEN: u32 = 100_000;
/// How many near names an error proposes.
const MOST_NEAR: usize = 3;

/// What is to be planned.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// The project whose build is followed: only what stands on it is planned. `None` when nothing was built.
    pub project: Option<ProjectName>,
    /// Its environment; production when not said. Dashboards stand on production, so that another is refused.
    pub environment: Option<EnvironmentName>,
    /// What dbt has just done.
    pub build: BuildTold,
    /// What dbt's own variables say where dbt ran.
    pub variables: DbtVariables,
    /// Only these: exposures by any of their names, targets by id or name; all when empty.
    pub names: Vec<String>,
    /// Which rules do not count.
    pub waiver: Waiver,
    /// Whether what is on its way already is skipped by the plan itself. Landing a plan does so by itself, and
    /// knows better when another refresh has to follow.
    pub skips_open: bool,
}

/// What dbt has just done.
#[derive(Debug, Clone, Default)]
pub enum BuildTold {
    /// What was handed over last to the environment.
    #[default]
    LastArtifacts,
    /// These results.
    Results {
        /// The invocations, such as the steps of a job.
        runs: Vec<RunResults>,
        /// The checks of freshness.
        freshness: Vec<SourceFreshness>,
    },
    /// Nothing: what is known from before decides.
    Nothing,
}

impl BuildTold {
    /// dbt's id of the last invocation, where results are given.
    pub fn invocation_id(&self) -> Option<&str> {
        let Self::Results { runs, .. } = self else {
            return None;
        };
        let newest = runs.iter().max_by_key(|run| run.metadata.generated_at)?;
        newest.metadata.invocation_id.as_deref()
    }
}

/// The results that lie in dbt's target directory, or in a directory with a `target` inside. Where there are none,
/// what was handed over last counts.
pub fn read_results(directory: &Utf8Path) -> Result<BuildTold, Error> {
    let mut runs = Vec::new();
    let mut freshness = Vec::new();
    for place in [directory.to_owned(), directory.join("target")] {
        let file = |kind: ArtifactKind| Some(place.join(kind.file_name())).filter(|path| path.is_file());
        if let Some(path) = file(ArtifactKind::RunResults) {
            runs.push(tailwater_dbt::load_run_results(&path)?);
        }
        if let Some(path) = file(ArtifactKind::Sources) {
            freshness.push(tailwater_dbt::load_sources(&path)?);
        }
        if !runs.is_empty() || !freshness.is_empty() {
            break;
        }
    }
    Ok(if runs.is_empty() && freshness.is_empty() {
        BuildTold::LastArtifacts
    } else {
        BuildTold::Results { runs, freshness }
    })
}

/// Everything that planning needs, for one plan or for a whole build.
#[derive(Debug, Clone)]
pub struct PreparedRefreshes {
    /// The rules with the targets.
    pub planner: Planner,
    /// How everything ended last, before the build that decides.
    pub history: Arc<NodeStates>,
    /// The environment whose build is followed.
    pub environment: Option<Environment>,
}

/// A plan with what landing it needs.
#[derive(Debug, Clone)]
pub struct Planned {
    /// One decision for each target.
    pub plan: RefreshPlan,
    /// The targets, sorted by id.
    pub targets: Vec<Target>,
    /// What holds for each.
    pub policies: BTreeMap<TargetId, Policy>,
    /// The environment whose build is followed.
    pub environment: Option<Environment>,
    /// The moment for which it was decided.
    pub decided_at: DateTime<Utc>,
    /// Policies of `tailwater.toml` that apply to nothing.
    pub unheard: Vec<UnheardPolicy>,
}

impl PreparedRefreshes {
    /// The targets of a plan, sorted by id, and what holds for each: what landing the plan needs beside it. Takes
    /// time in proportion to the plan, which during a build has few of many targets.
    pub fn landing_of(&self, plan: &RefreshPlan) -> (Vec<Target>, BTreeMap<TargetId, Policy>) {
        let decided = plan.decisions.iter();
        let found: BTreeMap<&TargetId, &Candidate> = decided
            .filter_map(|decision| Some((&decision.target, self.planner.find(&decision.target)?)))
            .collect();
        found
            .into_iter()
            .map(|(id, candidate)| (candidate.target.clone(), (id.clone(), candidate.policy.clone())))
            .unzip()
    }

    /// A build that has not begun to tell of itself.
    pub fn running(&self) -> BuildState {
        BuildState::running(Arc::clone(&self.history))
    }
}

impl Workspace {
    /// Plans refreshes, and changes nothing.
    pub async fn plan_refreshes(&self, request: &PlanRequest) -> Result<Planned, Error> {
        let catalog = self.catalog().await?;
        self.plan_refreshes_in(&catalog, request).await
    }

    /// Plans refreshes by a catalog of production that is there already.
    pub async fn plan_refreshes_in(
        &self,
        catalog: &Catalog,
        request: &PlanRequest,
    ) -> Result<Planned, Error> {
        let prepared = self.prepare_refreshes_in(catalog, request).await?;
        let unheard = unheard(&self.settings().refresh, catalog);
        let environment = prepared.environment.clone();
        let mut build = BuildState::of_history(Arc::clone(&prepared.history));
        let (runs, freshness) = match &request.build {
            BuildTold::Nothing => (Vec::new(), Vec::new()),
            BuildTold::Results { runs, freshness } => (runs.clone(), freshness.clone()),
            BuildTold::LastArtifacts => match &environment {
                Some(environment) => self.last_results(environment).await?,
                None => (Vec::new(), Vec::new()),
            },
        };
        for run in &runs {
            build.add_run(run);
        }
        for check in &freshness {
            build.add_freshness(check);
        }
        let decided_at = self.clock().now();
        let (plan, (targets, policies)) = blocking(move || {
            let plan = prepared.planner.plan(&build, decided_at);
            let landing = prepared.landing_of(&plan);
            (plan, landing)
        })
        .await?;
        Ok(Planned {
            plan,
            targets,
            policies,
            environment,
            decided_at,
            unheard,
        })
    }

    /// Prepares a plan by what a catalog says, such as one that holds the manifest of a build under way.
    pub(crate) async fn prepare_refreshes_in(
        &self,
        catalog: &Catalog,
        request: &PlanRequest,
    ) -> Result<PreparedRefreshes, Error> {
        let environment = self.production_of(request).await?;
        let mut book = self.policy_book(request.variables).await?;
        if let Some(environment) = &environment {
            book = book.for_environment(&environment.project, &environment.name);
        }
        let mut last = self.store().last_refreshes(None).await?;
        let open = if request.skips_open {
            self.open_targets().await?
        } else {
            BTreeSet::new()
        };
        let targets = wanted(catalog, request, all_targets(catalog))?;
        let inventories: HashMap<&str, &Inventory> = catalog
            .integrations()
            .iter()
            .map(|integration| (integration.name(), integration.inventory()))
            .collect();
        let nowhere = Inventory::default();
        let mut candidates = Vec::with_capacity(targets.len());
        for target in targets {
            let name = target.id.integration.as_str();
            let inventory = inventories.get(name).copied().unwrap_or(&nowhere);
            let policy = book.of_target(&target, |id| catalog.exposure(id.as_str()), inventory);
            candidates.push(Candidate {
                policy: policy.policy,
                last: last.remove(&target.id).unwrap_or_default(),
                is_open: open.contains(&target.id),
                target,
            });
        }
        let universe = catalog.universe();
        let graph = catalog.graph();
        let nodes: Vec<Option<&Node>> = (0..graph.len()).map(|position| universe.node(position)).collect();
        Ok(PreparedRefreshes {
            planner: Planner::new(candidates, graph, &nodes).waiving(request.waiver),
            history: Arc::clone(catalog.states()),
            environment,
        })
    }

    /// What holds for a target or an exposure, with who said each value.
    pub async fn explain_policy(
        &self,
        catalog: &Catalog,
        subject: &str,
        variables: DbtVariables,
    ) -> Result<Vec<(Target, EffectivePolicy)>, Error> {
        let book: PolicyBook = self.policy_overview(variables).await?;
        let request = PlanRequest {
            names: vec![subject.to_owned()],
            ..PlanRequest::default()
        };
        let found = wanted(catalog, &request, all_targets(catalog))?;
        let nowhere = Inventory::default();
        let explain = |target: Target| {
            let integration = catalog.integration(target.id.integration.as_str());
            let inventory = integration.map_or(&nowhere, |integration| integration.inventory());
            let effective = book.of_target(&target, |id| catalog.exposure(id.as_str()), inventory);
            (target, effective)
        };
        Ok(found.into_iter().map(explain).collect())
    }

    /// The environment whose build is followed, when a project is named.
    async fn production_of(&self, request: &PlanRequest) -> Result<Option<Environment>, Error> {
        let Some(project) = &request.project else {
            return Ok(None);
        };
        let environment = self
            .find_environment(project, request.environment.as_ref())
            .await?;
        if !environment.is_production {
            let production = self.find_environment(project, None).await?;
            return Err(PolicyError::NotProduction {
                project: project.to_string(),
                production: production.name.to_string(),
                environment: environment.name.to_string(),
            }
            .into());
        }
        Ok(Some(environment))
    }

    /// The results that were handed over last to an environment, or lie at its path.
    async fn last_results(
        &self,
        environment: &Environment,
    ) -> Result<(Vec<RunResults>, Vec<SourceFreshness>), Error> {
        let artifacts = self.load_artifacts(environment).await?;
        let cache = Arc::clone(self.artifacts());
        let project = environment.project.clone();
        blocking(move || {
            let mut runs = Vec::new();
            let mut freshness = Vec::new();
            for state in artifacts.present {
                if !matches!(state.kind, ArtifactKind::RunResults | ArtifactKind::Sources) {
                    continue;
                }
                let loaded = cache.load(state.kind, &state.path, &project);
                match loaded.good.map(|(_, parsed)| parsed) {
                    Some(Parsed::RunResults(run)) => runs.push((*run).clone()),
                    Some(Parsed::Sources(sources)) => freshness.push((*sources).clone()),
                    _ => {}
                }
            }
            (runs, freshness)
        })
        .await
    }

    async fn open_targets(&self) -> Result<BTreeSet<TargetId>, Error> {
        let open = RefreshOutcome::ALL
            .into_iter()
            .filter(|outcome| !outcome.is_over());
        let filter = RefreshFilter {
            outcomes: open.collect(),
            ..RefreshFilter::default()
        };
        let page = self.store().refreshes(&filter, MOST_OPEN).await?;
        Ok(page.refreshes.into_iter().map(|record| record.target).collect())
    }
}

/// Every target of every integration.
fn all_targets(catalog: &Catalog) -> Vec<Target> {
    let mut all = Vec::new();
    for integration in catalog.integrations() {
        let name = IntegrationName::from(integration.name());
        all.extend(targets(&name, integration.inventory(), catalog.exposures()));
    }
    all
}

/// The targets that were asked for: by name, else all that stand on the project.
fn wanted(catalog: &Catalog, request: &PlanRequest, all: Vec<Target>) -> Result<Vec<Target>, Error> {
    if !request.names.is_empty() {
        let mut chosen = BTreeSet::new();
        for name in &request.names {
            chosen.extend(named(catalog, name, &all)?);
        }
        return Ok(all
            .into_iter()
            .filter(|target| chosen.contains(&target.id))
            .collect());
    }
    let Some(project) = &request.project else {
        return Ok(all);
    };
    let Some(manifest) = catalog.manifests().find(|manifest| manifest.name == *project) else {
        return Ok(Vec::new());
    };
    let stands_on = |target: &Target| {
        if target.upstream.is_empty() {
            let mut exposures = target.exposures.iter();
            return exposures.any(|id| {
                let exposure = catalog.exposure(id.as_str());
                exposure.is_some_and(|exposure| exposure.project == *project)
            });
        }
        has_any(manifest, &target.upstream)
    };
    Ok(all.into_iter().filter(stands_on).collect())
}

fn has_any(manifest: &Project, nodes: &BTreeSet<NodeId>) -> bool {
    nodes.iter().any(|node| manifest.find(node.as_str()).is_some())
}

/// The targets that a person means: one by its id or name, or all of an exposure.
fn named(catalog: &Catalog, text: &str, all: &[Target]) -> Result<Vec<TargetId>, Error> {
    let text = text.trim();
    let ids = |is_meant: &dyn Fn(&Target) -> bool| -> Vec<TargetId> {
        let meant = all.iter().filter(|target| is_meant(target));
        meant.map(|target| target.id.clone()).collect()
    };
    let by_id = ids(&|target| target.id.to_string() == text || target.id.id == text);
    if !by_id.is_empty() {
        return Ok(by_id);
    }
    match find_any_exposure(catalog, text) {
        Ok(exposure) => Ok(ids(&|target| target.exposures.contains(&exposure.unique_id))),
        Err(error @ crate::curation::CurateError::AmbiguousExposure { .. }) => Err(error.into()),
        Err(error) => {
            let by_name = ids(&|target| target.name == text);
            if !by_name.is_empty() {
                return Ok(by_name);
            }
            if let crate::curation::CurateError::ManualExposure { .. } = error {
                return Err(error.into());
            }
            let names = all.iter().map(|target| target.name.clone());
            Err(PolicyError::UnknownTarget {
                subject: text.to_owned(),
                nearest: nearest(text, names, MOST_NEAR),
            }
            .into())
        }
    }
}
