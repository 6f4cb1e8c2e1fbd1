//! Refreshes as OpenLineage events.

use chrono::{DateTime, Utc};
use tailwater_bi::outgoing::open_lineage::{Dataset, ExposureFacet, LineageEvent, LineageJob, LineageState};
use tailwater_core::id::NodeId;
use tailwater_core::refresh::{RefreshOutcome, RefreshRecord};

use super::settings::SignalSettings;
use crate::catalog::Catalog;

/// The two events of a refresh that is over: that it began, with the moment at which it did, and how it ended. A
/// refresh that was never sent did not run, and has none. Both are told at the end, so that a run has each exactly
/// once, whatever is restarted in between.
pub(super) fn events(
    record: &RefreshRecord,
    catalog: &Catalog,
    settings: &SignalSettings,
) -> Vec<LineageEvent> {
    let Some(sent_at) = record.sent_at else {
        return Vec::new();
    };
    let (state, error) = match record.outcome {
        RefreshOutcome::Succeeded => (LineageState::Complete, None),
        RefreshOutcome::Failed => {
            let said = record.message.clone().or_else(|| record.code.clone());
            (
                LineageState::Fail,
                Some(said.unwrap_or_else(|| "failed".to_owned())),
            )
        }
        RefreshOutcome::Cancelled | RefreshOutcome::TimedOut => (LineageState::Abort, record.message.clone()),
        _ => return Vec::new(),
    };
    let began: DateTime<Utc> = record.started_at.map_or(sent_at, |began| began.max(sent_at));
    let job = |name: String, integration, kind| LineageJob {
        namespace: settings.lineage_namespace.clone(),
        name,
        integration,
        kind,
    };
    let parent = record.origin.job_run.as_ref().map(|run| {
        let project = record.origin.project.as_ref().map(ToString::to_string);
        let name = format!("job/{}", project.unwrap_or_default());
        (run.clone(), job(name, "DBT", "JOB"))
    });
    let start = LineageEvent {
        state: LineageState::Start,
        at: began,
        run: record.id.to_string(),
        job: job(format!("refresh/{}", record.target), "TABLEAU", "REFRESH"),
        parent,
        error: None,
        inputs: inputs(record, catalog, settings),
        outputs: record
            .exposures
            .iter()
            .filter_map(|id| dashboard(catalog, id))
            .collect(),
    };
    let end = LineageEvent {
        state,
        at: record.finished_at.unwrap_or(began).max(began),
        error,
        ..start.clone()
    };
    vec![start, end]
}

/// The tables that the dashboards stand on: relations, through models that are none.
fn inputs(record: &RefreshRecord, catalog: &Catalog, settings: &SignalSettings) -> Vec<Dataset> {
    let mut found: Vec<Dataset> = Vec::new();
    for id in &record.exposures {
        let Some(exposure) = catalog.exposure(id.as_str()) else {
            continue;
        };
        for node in &exposure.depends_on {
            found.extend(table(catalog, node, settings));
        }
    }
    found.sort_by(|left, right| (&left.namespace, &left.name).cmp(&(&right.namespace, &right.name)));
    found.dedup();
    found
}

fn table(catalog: &Catalog, id: &NodeId, settings: &SignalSettings) -> Option<Dataset> {
    let node = catalog.node(id.as_str())?;
    let relation = &node.relation.as_ref()?.name;
    let parts = [
        relation.database.as_deref(),
        relation.schema.as_deref(),
        Some(relation.name.as_str()),
    ];
    let name: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let adapter = catalog
        .project_of(id.as_str())
        .and_then(|project| Some(project.project()?.metadata.adapter_type.clone()))
        .filter(|adapter| !adapter.is_empty());
    Some(Dataset {
        namespace: settings
            .dataset_namespace
            .clone()
            .or(adapter)
            .unwrap_or_else(|| "warehouse".to_owned()),
        name: name.join("."),
        exposure: None,
    })
}

/// A dashboard as a dataset: where it is, and what dbt calls it.
fn dashboard(catalog: &Catalog, id: &NodeId) -> Option<Dataset> {
    let exposure = catalog.exposure(id.as_str())?;
    let (namespace, name) = match (catalog.asset(exposure), &exposure.workbook) {
        (Some(view), Some(workbook)) => {
            let integration = view.integration.integration();
            let server = integration
                .server
                .split_once("://")
                .map_or(integration.server.as_str(), |(_, rest)| rest);
            let site = if integration.site.is_empty() {
                "default"
            } else {
                &integration.site
            };
            (
                format!("tableau://{}/{site}", server.trim_end_matches('/')),
                format!("workbooks/{}", workbook.luid),
            )
        }
        _ => ("dbt".to_owned(), exposure.unique_id.to_string()),
    };
    Some(Dataset {
        namespace,
        name,
        exposure: Some(ExposureFacet {
            unique_id: exposure.unique_id.to_string(),
            label: exposure.label.clone(),
            kind: exposure.kind.clone(),
            url: exposure.url.clone(),
            description: exposure.description.clone(),
            owner_name: exposure.owner.name.clone(),
            owner_email: exposure.owner.email.clone(),
        }),
    })
}
