//! Everything that is wrong now, read off the catalog.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use tailwater_core::exposure::Exposure;
use tailwater_core::health::{HealthState, RefreshState, SourceRefresh, tested_nodes};
use tailwater_core::id::{AssetId, NodeId};
use tailwater_core::job::{JobRun, JobRunState};
use tailwater_core::percent::percent_encoded;
use tailwater_core::project::ResourceType;
use tailwater_core::refresh::TargetId;
use tailwater_core::run::RunStatus;
use tailwater_core::signal::{
    About, Affected, Cause, Condition, MOST_AFFECTED, Place, Severity, SignalKind, Standing, Subject,
    SubjectId, SubjectKind,
};

use crate::catalog::Catalog;

/// What is looked at.
pub(super) struct Scene<'a> {
    catalog: &'a Catalog,
    /// The newest run of each job.
    runs: &'a [JobRun],
    /// Every target by its id in words.
    targets: BTreeMap<String, KnownTarget<'a>>,
}

impl<'a> Scene<'a> {
    /// Gathers what is asked about again and again.
    pub(super) fn new(catalog: &'a Catalog, runs: &'a [JobRun]) -> Self {
        Self {
            catalog,
            runs,
            targets: known_targets(catalog),
        }
    }

    /// Everything that is wrong at a moment, exposures first, then targets, tests and jobs, each by id.
    pub(super) fn conditions(&self, now: DateTime<Utc>) -> Vec<Condition> {
        let catalog = self.catalog;
        let mut conditions = Vec::new();
        for exposure in catalog.exposures() {
            conditions.extend(degraded(catalog, exposure));
            conditions.extend(late(catalog, exposure, now));
        }
        let targets = self.targets.values();
        conditions.extend(targets.filter_map(|known| failed_refresh(catalog, known)));
        conditions.extend(failed_tests(catalog));
        conditions.extend(self.runs.iter().filter_map(failed_job));
        conditions
    }

    /// How a subject stands of which no condition speaks.
    pub(super) fn standing(&self, kind: SignalKind, subject: &SubjectId) -> Standing {
        let catalog = self.catalog;
        let is_all_read = catalog.unreadable().next().is_none();
        let gone = if is_all_read {
            Standing::Gone
        } else {
            Standing::Unknown
        };
        match subject.kind {
            SubjectKind::Exposure => match catalog.exposure(&subject.id) {
                None => gone,
                Some(_) if kind == SignalKind::ExposureDegraded => {
                    let state = catalog.health(&subject.id).state;
                    if state == HealthState::Unknown {
                        Standing::Unknown
                    } else {
                        Standing::Good
                    }
                }
                Some(_) => Standing::Good,
            },
            SubjectKind::Target => match self.targets.get(&subject.id) {
                None => gone,
                Some(target) if target.state == RefreshState::Unknown => Standing::Unknown,
                Some(_) => Standing::Good,
            },
            SubjectKind::Test => match (catalog.node(&subject.id), catalog.state(&subject.id)) {
                (None, _) => gone,
                (Some(_), Some(state)) if state.test.is_some() => Standing::Good,
                _ => Standing::Unknown,
            },
            SubjectKind::Job => match self.runs.iter().find(|run| run.job.as_str() == subject.id) {
                None => Standing::Gone,
                Some(run) if run.state == JobRunState::Succeeded => Standing::Good,
                Some(_) => Standing::Unknown,
            },
        }
    }
}

/// The last run of a job failed. While a newer one waits or runs, nothing new is known.
fn failed_job(run: &JobRun) -> Option<Condition> {
    let words = match run.state {
        JobRunState::Failed => "its last run failed",
        JobRunState::TimedOut => "its last run took longer than it may",
        JobRunState::Lost => "the machine of its last run died",
        _ => return None,
    };
    let sentence = match &run.message {
        Some(message) => format!("{words}: {message}"),
        None => words.to_owned(),
    };
    let cause = Cause {
        at: run.ended_at,
        sentence,
        hint: None,
    };
    Some(Condition {
        kind: SignalKind::JobFailed,
        severity: Severity::Error,
        subject: Subject {
            id: SubjectId::new(SubjectKind::Job, run.job.as_str()),
            name: run.job.to_string(),
            page: Some(format!("runs/{}", percent_encoded(run.id.as_str()))),
        },
        causes: BTreeMap::from([(run.state.name().to_owned(), cause)]),
        about: About {
            projects: [run.project.clone()].into(),
            ..About::default()
        },
    })
}

fn degraded(catalog: &Catalog, exposure: &Exposure) -> Option<Condition> {
    let id = exposure.unique_id.as_str();
    let health = catalog.health(id);
    if health.state != HealthState::Degraded {
        return None;
    }
    let reasons = health
        .reasons
        .iter()
        .filter(|reason| reason.state == HealthState::Degraded);
    let causes: BTreeMap<String, Cause> = reasons
        .map(|reason| {
            let cause = Cause {
                at: reason.at,
                sentence: reason.sentence(),
                hint: None,
            };
            (reason.key.name().to_owned(), cause)
        })
        .collect();
    Some(of_exposure(
        catalog,
        exposure,
        SignalKind::ExposureDegraded,
        causes,
    ))
}

/// The exposure was not fresh by the time that its policy names.
fn late(catalog: &Catalog, exposure: &Exposure, now: DateTime<Utc>) -> Option<Condition> {
    let refresh = catalog.refresh(exposure.unique_id.as_str());
    // The catalog may be older than the moment.
    let is_late = |source: &&SourceRefresh| {
        source.state != RefreshState::Live && source.source.stale_at.is_some_and(|limit| now >= limit)
    };
    let late: Vec<&SourceRefresh> = refresh.sources.iter().filter(is_late).collect();
    let first = late.first()?;
    let others = match late.len() - 1 {
        0 => String::new(),
        1 => " and 1 more data source".to_owned(),
        more => format!(" and {more} more data sources"),
    };
    let when = first.source.refreshed_at.map_or_else(
        || "never".to_owned(),
        |at| format!("at {}", at.format("%Y-%m-%d %H:%M UTC")),
    );
    let cause = Cause {
        at: first.source.stale_at,
        sentence: format!(
            "{}{others} is older than it may be: last refreshed {when}",
            first.source.name
        ),
        hint: None,
    };
    let causes = BTreeMap::from([("not_fresh".to_owned(), cause)]);
    Some(of_exposure(catalog, exposure, SignalKind::DeadlineMissed, causes))
}

fn of_exposure(
    catalog: &Catalog,
    exposure: &Exposure,
    kind: SignalKind,
    causes: BTreeMap<String, Cause>,
) -> Condition {
    let id = exposure.unique_id.as_str();
    Condition {
        kind,
        severity: Severity::Error,
        subject: Subject {
            id: SubjectId::new(SubjectKind::Exposure, id),
            name: exposure.label.clone(),
            page: Some(format!("exposures/{}", percent_encoded(id))),
        },
        causes,
        about: about(catalog, [exposure]),
    }
}

/// A target of refreshes as the exposures that it feeds know it.
struct KnownTarget<'a> {
    target: TargetId,
    name: String,
    state: RefreshState,
    source: &'a SourceRefresh,
    exposures: Vec<&'a Exposure>,
}

/// Every target by its id in words.
fn known_targets(catalog: &Catalog) -> BTreeMap<String, KnownTarget<'_>> {
    let mut found: BTreeMap<String, KnownTarget<'_>> = BTreeMap::new();
    for exposure in catalog.exposures() {
        let (Some(integration), Some(workbook)) = (&exposure.integration, &exposure.workbook) else {
            continue;
        };
        let asset = AssetId::from(workbook.luid.as_str());
        let Some(refresh) = catalog.refresh_of(exposure.unique_id.as_str()) else {
            continue;
        };
        for source in &refresh.sources {
            let target = source.source.target(integration, &asset);
            let name = if source.source.is_published {
                source.source.name.clone()
            } else {
                exposure.label.clone()
            };
            let known = found.entry(target.to_string()).or_insert_with(|| KnownTarget {
                target,
                name,
                state: source.state,
                source,
                exposures: Vec::new(),
            });
            if source.state > known.state {
                (known.state, known.source) = (source.state, source);
            }
            // Several data sources of one dashboard may be one target; its exposures come one after the other.
            let is_held = |held: &&Exposure| held.unique_id == exposure.unique_id;
            if !known.exposures.last().is_some_and(is_held) {
                known.exposures.push(exposure);
            }
        }
    }
    found
}

/// The last refresh of a target failed.
fn failed_refresh(catalog: &Catalog, known: &KnownTarget<'_>) -> Option<Condition> {
    if known.state != RefreshState::Failed {
        return None;
    }
    let failure = known.source.source.failure.as_ref();
    let said = failure.and_then(|failure| failure.message.clone());
    let cause = Cause {
        at: failure.map(|failure| failure.at),
        sentence: said.unwrap_or_else(|| "the BI tool did not say why".to_owned()),
        hint: None,
    };
    let page = known.exposures.first().map(|exposure| {
        format!(
            "exposures/{}/refreshes",
            percent_encoded(exposure.unique_id.as_str())
        )
    });
    Some(Condition {
        kind: SignalKind::RefreshFailed,
        severity: Severity::Error,
        subject: Subject {
            id: SubjectId::new(SubjectKind::Target, known.target.to_string()),
            name: known.name.clone(),
            page,
        },
        causes: BTreeMap::from([("failed".to_owned(), cause)]),
        about: about(catalog, known.exposures.iter().copied()),
    })
}

fn failed_tests(catalog: &Catalog) -> Vec<Condition> {
    let tests = catalog
        .nodes_of(ResourceType::Test)
        .chain(catalog.nodes_of(ResourceType::UnitTest));
    tests
        .filter_map(|node| {
            let result = catalog.state(node.unique_id.as_str())?.test.as_ref()?;
            let severity = match result.status {
                RunStatus::Fail | RunStatus::Error | RunStatus::RuntimeError => Severity::Error,
                RunStatus::Warn => Severity::Warning,
                _ => return None,
            };
            let sentence = match (&result.message, result.failures) {
                (Some(message), _) => message.clone(),
                (None, Some(failures)) => format!("{failures} rows failed"),
                (None, None) => "dbt did not say why".to_owned(),
            };
            let cause = Cause {
                at: result.at,
                sentence,
                hint: None,
            };
            let tested = || tested_nodes(node).iter().map(NodeId::as_str);
            let exposures = tested().flat_map(|id| catalog.exposures_downstream(id));
            Some(Condition {
                kind: SignalKind::TestFailed,
                severity,
                subject: Subject {
                    id: SubjectId::new(SubjectKind::Test, node.unique_id.as_str()),
                    name: node.name.clone(),
                    page: tested()
                        .find(|id| id.starts_with("model."))
                        .map(|model| format!("models/{}/tests", percent_encoded(model))),
                },
                causes: BTreeMap::from([(result.status.name().to_owned(), cause)]),
                about: About {
                    projects: catalog
                        .project_of(node.unique_id.as_str())
                        .map(|project| project.name().into())
                        .into_iter()
                        .collect(),
                    ..about(catalog, exposures)
                },
            })
        })
        .collect()
}

/// What rules choose by, of some exposures.
fn about<'a>(catalog: &Catalog, exposures: impl IntoIterator<Item = &'a Exposure>) -> About {
    let mut about = About::default();
    let mut seen = BTreeSet::new();
    for exposure in exposures {
        if !seen.insert(&exposure.unique_id) {
            continue;
        }
        about.integrations.extend(exposure.integration.clone());
        about.projects.insert(exposure.project.clone());
        let owner = exposure.owner.email.as_ref();
        about.owners.extend(
            owner
                .map(|address| address.trim().to_lowercase())
                .filter(|address| !address.is_empty()),
        );
        let path = catalog.collection_path(exposure);
        if !path.is_empty() {
            let ids = catalog
                .asset(exposure)
                .and_then(|view| {
                    let collection = view.asset.collection.as_ref()?;
                    Some(view.integration.inventory().ancestors(collection))
                })
                .unwrap_or_default();
            about.collections.insert(Place { path, ids });
        }
        if about.exposures.len() == MOST_AFFECTED {
            about.more_exposures += 1;
            continue;
        }
        about.exposures.push(Affected {
            unique_id: exposure.unique_id.clone(),
            label: exposure.label.clone(),
            url: exposure.url.clone(),
            owner_name: exposure.owner.name.clone(),
            owner_email: exposure.owner.email.clone(),
        });
    }
    about.exposures.sort_by(|left, right| {
        left.label
            .cmp(&right.label)
            .then_with(|| left.unique_id.cmp(&right.unique_id))
    });
    about
}
