//! The BI side: when the data that a dashboard shows was last taken over from the warehouse.
//!
//! This is a badge of its own. An extract that failed says nothing about the models under it, and a
//! failed model nothing about the extract.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AssetId, DataSourceId, IntegrationName};
use crate::inventory::Inventory;
use crate::refresh::{LastRefresh, TargetId, TargetKind};

/// How the data of a dashboard came to it. Ordered by badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshState {
    /// Every data source asks the warehouse each time.
    Live,
    /// Every extract has been refreshed.
    Refreshed,
    /// The tool does not tell.
    #[default]
    Unknown,
    /// An extract is older than it may be.
    Stale,
    /// The last refresh of an extract failed.
    Failed,
}

impl RefreshState {
    /// Every state, best first.
    pub const ALL: [Self; 5] = [
        Self::Live,
        Self::Refreshed,
        Self::Unknown,
        Self::Stale,
        Self::Failed,
    ];

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Refreshed => "refreshed",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Refreshed => "Refreshed",
            Self::Unknown => "Unknown",
            Self::Stale => "Stale",
            Self::Failed => "Failed",
        }
    }
}

/// A data source behind a dashboard, as far as its refresh goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractSource {
    /// Its id.
    pub id: DataSourceId,
    /// Its name. Untrusted.
    pub name: String,
    /// The id that refreshes it, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub luid: Option<String>,
    /// Whether it is published on its own.
    pub is_published: bool,
    /// Whether it holds an extract; `None` when not told.
    pub has_extract: Option<bool>,
    /// When its extract was last refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// That its last refresh failed, when told.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// From when on it is older than it may be; see [`super::stale_at`]. `None` where no limit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_at: Option<DateTime<Utc>>,
}

impl ExtractSource {
    /// What refreshes it: the published data source, else the workbook that holds it.
    pub fn target(&self, integration: &IntegrationName, asset: &AssetId) -> TargetId {
        let (kind, id) = match &self.luid {
            Some(luid) if self.is_published => (TargetKind::DataSource, luid.as_str()),
            _ if self.is_published => (TargetKind::DataSource, self.id.as_str()),
            _ => (TargetKind::Workbook, asset.as_str()),
        };
        TargetId {
            integration: integration.clone(),
            kind,
            id: id.to_owned(),
        }
    }

    /// Takes over what our own history knows: a newer refresh than the tool told of, and a failure. What asks
    /// the warehouse each time is left alone.
    pub fn with_history(mut self, last: &LastRefresh) -> Self {
        if self.has_extract != Some(false) {
            // The data are from when the tool began, which is what counts against a build.
            let ours = last.succeeded.as_ref().map(|end| end.data_from);
            self.refreshed_at = self.refreshed_at.max(ours);
            self.failure = last.failure().map(|end| Failure {
                at: end.finished_at,
                message: end.message.clone(),
            });
        }
        self
    }
}

/// A refresh that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: DateTime<Utc>,
    /// What the tool said. Untrusted.
    pub message: Option<String>,
}

/// The badge of the BI side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The worst of the data sources; unknown without one.
    pub state: RefreshState,
    /// "Data as of": the oldest last refresh among the extracts.
    pub data_as_of: Option<DateTime<Utc>>,
    /// Why, as a plain sentence without a full stop. Untrusted: it has names in it.
    pub sentence: String,
    /// Every data source with its state, worst first, then by name.
    pub sources: Vec<SourceRefresh>,
}

/// One data source with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRefresh {
    /// How it stands.
    pub state: RefreshState,
    /// The data source.
    #[serde(flatten)]
    pub source: ExtractSource,
}

/// The data sources behind an asset: those that it holds, and in place of one that only stands for
/// published ones, these. Sorted by id; each once.
pub fn extract_sources(inventory: &Inventory, asset: &AssetId) -> Vec<ExtractSource> {
    let Some(asset) = inventory.assets.get(asset) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&DataSourceId> = asset.data_sources.iter().collect();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(source) = inventory.data_sources.get(id) else {
            continue;
        };
        // An embedded data source that holds an extract of its own over a published one is refreshed by
        // itself; without one it only passes the published one's data on.
        if source.parents.is_empty() || source.has_extract == Some(true) {
            found.insert(id);
        }
        waiting.extend(&source.parents);
    }
    let one = |id: &DataSourceId| {
        let source = inventory.data_sources.get(id)?;
        Some(ExtractSource {
            id: id.clone(),
            name: source.name.clone(),
            luid: source.luid.clone(),
            is_published: source.is_published,
            has_extract: source.has_extract,
            refreshed_at: source.extract_refreshed_at,
            failure: None,
            stale_at: None,
        })
    };
    found.into_iter().filter_map(one).collect()
}

/// Judges the data sources behind a dashboard. Without a limit of its own an extract is never stale, however
/// old it is.
pub fn refresh(sources: Vec<ExtractSource>, now: DateTime<Utc>) -> Refresh {
    let mut sources: Vec<SourceRefresh> = sources
        .into_iter()
        .map(|source| SourceRefresh {
            state: state_of(&source, now),
            source,
        })
        .collect();
    sources.sort_by(|left, right| {
        let key = |it: &SourceRefresh| (std::cmp::Reverse(it.state), it.source.refreshed_at);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.source.name.cmp(&right.source.name))
            .then_with(|| left.source.id.cmp(&right.source.id))
    });
    let data_as_of = sources
        .iter()
        .filter(|it| it.state != RefreshState::Live)
        .filter_map(|it| it.source.refreshed_at)
        .min();
    let state = sources.first().map_or(RefreshState::Unknown, |it| it.state);
    Refresh {
        state,
        data_as_of,
        sentence: sentence(state, &sources),
        sources,
    }
}

fn state_of(source: &ExtractSource, now: DateTime<Utc>) -> RefreshState {
    let failed_last = source.failure.as_ref().is_some_and(|failure| {
        source
            .refreshed_at
            .is_none_or(|refreshed| refreshed <= failure.at)
    });
    match (source.has_extract, source.refreshed_at) {
        _ if failed_last => RefreshState::Failed,
        (Some(false), _) => RefreshState::Live,
        (_, Some(_)) if source.stale_at.is_some_and(|limit| now >= limit) => RefreshState::Stale,
        (_, Some(_)) => RefreshState::Refreshed,
        (_, None) => RefreshState::Unknown,
    }
}

fn sentence(state: RefreshState, sources: &[SourceRefresh]) -> String {
    let all = sources.len();
    let these = sources.iter().filter(|it| it.state == state).count();
    let of = |one: &str, several: &str| match (these, sources.first()) {
        (1, Some(only)) => format!("{} {one}", only.source.name),
        _ => format!("{these} of {all} data sources {several}"),
    };
    match state {
        RefreshState::Unknown if all == 0 => "no data source is known".to_owned(),
        RefreshState::Unknown => of(
            "does not tell when it was refreshed",
            "do not tell when they were refreshed",
        ),
        RefreshState::Live => "every data source is live".to_owned(),
        RefreshState::Refreshed => "every extract was refreshed".to_owned(),
        RefreshState::Stale => of("is older than it may be", "are older than they may be"),
        RefreshState::Failed => of("failed to refresh", "failed to refresh"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;

    use super::*;
    use crate::inventory::{Asset, DataSource};
    use crate::refresh::{RefreshEnd, RefreshId, RefreshOutcome};

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-01-{day:02}T06:00:00Z").parse().unwrap()
    }

    fn source(name: &str, has_extract: Option<bool>, refreshed: Option<u32>) -> ExtractSource {
        ExtractSource {
            id: name.into(),
            name: name.to_owned(),
            is_published: false,
            has_extract,
            refreshed_at: refreshed.map(at),
            failure: None,
            luid: None,
            stale_at: None,
        }
    }

    #[rstest]
    #[case(vec![], RefreshState::Unknown, None)]
    #[case(vec![source("a", Some(false), None)], RefreshState::Live, None)]
    #[case(vec![source("a", Some(true), Some(9)), source("b", Some(false), None)], RefreshState::Refreshed, Some(9))]
    #[case(vec![source("a", Some(true), Some(9)), source("b", None, Some(8))], RefreshState::Refreshed, Some(8))]
    #[case(vec![source("a", Some(true), Some(9)), source("b", Some(true), None)], RefreshState::Unknown, Some(9))]
    #[case(vec![source("a", Some(true), Some(9)), source("b", Some(true), Some(2))], RefreshState::Stale, Some(2))]
    // What a live connection says of an old extract does not make its data old.
    #[case(vec![source("a", Some(false), Some(1))], RefreshState::Live, None)]
    fn the_worst_counts_and_the_oldest_dates(
        #[case] sources: Vec<ExtractSource>,
        #[case] state: RefreshState,
        #[case] oldest: Option<u32>,
    ) {
        let limited = |source: ExtractSource| ExtractSource {
            stale_at: source.refreshed_at.map(|at| at + TimeDelta::days(3)),
            ..source
        };
        let badge = refresh(sources.into_iter().map(limited).collect(), at(10));
        assert_eq!(badge.state, state, "{}", badge.sentence);
        assert_eq!(badge.data_as_of, oldest.map(at));
    }

    #[test]
    fn a_failure_counts_until_the_next_refresh_and_age_only_when_limited() {
        let failed = |day| ExtractSource {
            failure: Some(Failure {
                at: at(day),
                message: None,
            }),
            ..source("orders", Some(true), Some(5))
        };
        let badge = refresh(vec![failed(6)], at(10));
        assert_eq!(badge.state, RefreshState::Failed);
        assert_eq!(badge.sentence, "orders failed to refresh");
        assert_eq!(refresh(vec![failed(4)], at(10)).state, RefreshState::Refreshed);
    }

    #[test]
    fn our_own_history_tells_of_failures_and_of_newer_refreshes() {
        let end = |outcome, day| RefreshEnd {
            id: RefreshId::new(format!("{day}")),
            outcome,
            data_from: at(day),
            finished_at: at(day),
            code: None,
            message: Some("login failed".to_owned()),
        };
        let last = |succeeded: u32, failed: u32| LastRefresh {
            succeeded: Some(end(RefreshOutcome::Succeeded, succeeded)),
            failed: Some(end(RefreshOutcome::Failed, failed)),
            ended: None,
        };
        let judged =
            |source: ExtractSource, last: &LastRefresh| refresh(vec![source.with_history(last)], at(10));
        let mended = judged(source("a", Some(true), Some(5)), &last(8, 7));
        assert_eq!(
            (mended.state, mended.data_as_of),
            (RefreshState::Refreshed, Some(at(8)))
        );
        let failing = last(4, 9);
        let state = |source| judged(source, &failing).state;
        assert_eq!(state(source("a", Some(true), Some(5))), RefreshState::Failed);
        // Somebody refreshed it in the tool since.
        assert_eq!(state(source("a", Some(true), Some(10))), RefreshState::Refreshed);
        assert_eq!(state(source("a", Some(false), None)), RefreshState::Live);
    }

    #[test]
    fn an_embedded_extract_is_refreshed_by_its_workbook() {
        let target = |is_published| {
            let source = ExtractSource {
                is_published,
                luid: is_published.then(|| "luid".to_owned()),
                ..source("orders", Some(true), None)
            };
            source.target(&"main".into(), &"w1".into()).to_string()
        };
        assert_eq!(target(true), "main/data_source/luid");
        assert_eq!(target(false), "main/workbook/w1");
    }

    #[test]
    fn a_published_source_stands_in_for_the_embedded_one_that_passes_it_on() {
        let mut inventory = Inventory::default();
        let embedded = |has_extract, parents: &[&str]| DataSource {
            has_extract,
            parents: parents.iter().map(|&id| id.into()).collect(),
            ..DataSource::default()
        };
        inventory
            .data_sources
            .insert("pass".into(), embedded(Some(false), &["published"]));
        inventory
            .data_sources
            .insert("own".into(), embedded(Some(true), &["published"]));
        inventory
            .data_sources
            .insert("published".into(), embedded(Some(true), &["published"]));
        let hold = |ids: &[&str]| Asset {
            data_sources: ids.iter().map(|&id| id.into()).collect(),
            ..Asset::default()
        };
        inventory.assets.insert("one".into(), hold(&["pass", "gone"]));
        inventory.assets.insert("two".into(), hold(&["pass", "own"]));
        let ids = |asset: &str| {
            let sources = extract_sources(&inventory, &asset.into());
            sources
                .into_iter()
                .map(|source| source.id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("one"), ["published"]);
        assert_eq!(ids("two"), ["own", "published"]);
        assert_eq!(ids("none"), [] as [&str; 0]);
    }
}
