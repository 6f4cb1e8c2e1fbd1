//! "Data as of": how old what a dashboard shows is, against the newest build of what it stands on.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::refresh::{Refresh, RefreshState};
use crate::graph::Graph;
use crate::history::NodeStates;
use crate::project::{Node, ResourceType};

/// How old the data of a dashboard is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataAge {
    /// The oldest last refresh among the extracts.
    pub data_as_of: DateTime<Utc>,
    /// The newest successful build of what the dashboard stands on.
    pub built_at: Option<DateTime<Utc>>,
    /// Whether something was built after the data was taken over.
    pub is_behind: bool,
    /// Such as `data of 06:10, 2 h older than the build of 08:05 (UTC)`.
    pub sentence: String,
}

/// Tells how old the data is; `None` where no refresh is known, or where everything is live.
pub fn data_age(refresh: &Refresh, built_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DataAge> {
    if refresh.state == RefreshState::Live {
        return None;
    }
    let data_as_of = refresh.data_as_of?;
    let is_behind = built_at.is_some_and(|built| built > data_as_of);
    let of = moment(data_as_of, now);
    let sentence = match built_at {
        None => format!("data of {of} (UTC)"),
        Some(built) if is_behind => format!(
            "data of {of}, {} older than the build of {} (UTC)",
            length(built - data_as_of),
            moment(built, now)
        ),
        Some(built) => format!(
            "data of {of}, newer than the build of {} (UTC)",
            moment(built, now)
        ),
    };
    Some(DataAge {
        data_as_of,
        built_at,
        is_behind,
        sentence,
    })
}

/// When the newest of what a resource reads was built with success. A view or ephemeral model shows what it
/// reads at any time, so it is as new as that, or as its own last build.
pub fn newest_build(
    graph: &Graph,
    nodes: &[Option<&Node>],
    states: &NodeStates,
    position: usize,
) -> Option<DateTime<Utc>> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<usize> = graph.parents(position).to_vec();
    let mut newest = None;
    while let Some(position) = waiting.pop() {
        if !seen.insert(position) {
            continue;
        }
        let Some(node) = nodes.get(position).copied().flatten() else {
            continue;
        };
        newest = newest.max(states.get(&node.unique_id).and_then(|state| state.built_at));
        let passes_on = matches!(node.materialized(), Some("view" | "ephemeral"));
        if node.resource_type == ResourceType::Model && passes_on {
            waiting.extend(graph.parents(position));
        }
    }
    newest
}

/// `06:10`, with the day where it is not today.
fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at.date_naive() == now.date_naive() {
        at.format("%H:%M").to_string()
    } else {
        at.format("%Y-%m-%d %H:%M").to_string()
    }
}

/// `35 min`, `2 h`, `3 days`: rounded to the nearest, as people say it.
fn length(length: TimeDelta) -> String {
    let minutes = (length.num_seconds() + 30) / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", (minutes + 30) / 60),
        _ => format!("{} days", (minutes + 720) / 1440),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::Map;

    use super::*;
    use crate::history::NodeState;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    #[rstest]
    #[case(
        "2026-01-10T06:10",
        Some("2026-01-10T08:05"),
        "data of 06:10, 2 h older than the build of 08:05 (UTC)"
    )]
    #[case(
        "2026-01-10T08:00",
        Some("2026-01-10T08:35"),
        "data of 08:00, 35 min older than the build of 08:35 (UTC)"
    )]
    #[case(
        "2026-01-07T06:10",
        Some("2026-01-10T06:10"),
        "data of 2026-01-07 06:10, 3 days older than the build of 06:10 (UTC)"
    )]
    #[case(
        "2026-01-10T08:10",
        Some("2026-01-10T08:05"),
        "data of 08:10, newer than the build of 08:05 (UTC)"
    )]
    #[case("2026-01-10T08:10", None, "data of 08:10 (UTC)")]
    fn the_data_is_set_against_the_build(
        #[case] data: &str,
        #[case] built: Option<&str>,
        #[case] sentence: &str,
    ) {
        let refresh = Refresh {
            state: RefreshState::Refreshed,
            data_as_of: Some(at(data)),
            ..Refresh::default()
        };
        let age = data_age(&refresh, built.map(at), at("2026-01-10T09:00")).unwrap();
        assert_eq!(age.sentence, sentence);
        assert_eq!(age.is_behind, sentence.contains("older"));
        let live = Refresh {
            state: RefreshState::Live,
            ..refresh
        };
        assert_eq!(data_age(&live, built.map(at), at("2026-01-10T09:00")), None);
    }

    #[test]
    fn a_view_is_as_new_as_what_it_reads_and_a_table_hides_what_is_before_it() {
        let node = |id: &str, materialized: &str| Node {
            unique_id: id.into(),
            resource_type: ResourceType::Model,
            config: Arc::new(Map::from_iter([("materialized".to_owned(), materialized.into())])),
            ..Node::default()
        };
        // raw ─▶ view ─▶ exposure, late ─▶ table ─▶ exposure
        let reading = |node: Node, reads: &[&str]| Node {
            depends_on: reads.iter().map(|&id| id.into()).collect(),
            ..node
        };
        let nodes = [
            node("model.a.raw", "table"),
            node("model.a.late", "table"),
            reading(node("model.a.view", "view"), &["model.a.raw"]),
            reading(node("model.a.table", "incremental"), &["model.a.late"]),
            reading(
                Node {
                    resource_type: ResourceType::Exposure,
                    ..node("exposure.a.x", "")
                },
                &["model.a.view", "model.a.table"],
            ),
        ];
        let graph = Graph::from_nodes(&nodes);
        let nodes: Vec<Option<&Node>> = graph
            .ids()
            .iter()
            .map(|id| nodes.iter().find(|node| node.unique_id == *id))
            .collect();
        let built = |text: &str| NodeState {
            built_at: Some(at(text)),
            ..NodeState::default()
        };
        let states: NodeStates = [
            ("model.a.raw".into(), built("2026-01-10T08:00")),
            ("model.a.view".into(), built("2026-01-09T08:00")),
            ("model.a.table".into(), built("2026-01-10T07:00")),
            ("model.a.late".into(), built("2026-01-10T09:00")),
        ]
        .into_iter()
        .collect();
        let exposure = graph.position("exposure.a.x").unwrap();
        assert_eq!(
            newest_build(&graph, &nodes, &states, exposure),
            Some(at("2026-01-10T08:00"))
        );
    }
}
