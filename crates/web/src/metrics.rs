//! What is counted, in the format of Prometheus: `GET /metrics`, for any role, so by API token.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tailwater_engine::Workspace;
use tailwater_engine::refresh::Refresher;

use crate::app::App;
use crate::error::Error;

/// The counters. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    exposures: Gauge,
    resources: Gauge,
    integrations: Gauge,
    synced: Family<IntegrationLabels, Gauge<f64, AtomicU64>>,
    work: WorkMetrics,
}

/// What is to be done and was done: by all processes, read from the store, and by the refresher of this one.
#[derive(Debug, Clone)]
pub struct WorkMetrics {
    refreshes: Family<StateLabels, Gauge>,
    runs: Family<StateLabels, Gauge>,
    in_hand: Gauge,
    calls: Counter,
    ended: Family<OutcomeLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IntegrationLabels {
    integration: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: String,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("tailwater");
        let requests = Family::default();
        let durations = Family::<RouteLabels, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.001, 4.0, 8))
        });
        let (exposures, resources, integrations) = (Gauge::default(), Gauge::default(), Gauge::default());
        let synced = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time to answer",
            durations.clone(),
        );
        registry.register("exposures", "Exposures in the catalog", exposures.clone());
        registry.register("resources", "dbt resources in the catalog", resources.clone());
        registry.register("integrations", "Connected sites", integrations.clone());
        registry.register(
            "last_sync_timestamp_seconds",
            "When the last sync of an integration ended, by how it ended",
            synced.clone(),
        );
        let work = WorkMetrics::registered(&mut registry);
        Self {
            registry: Arc::new(registry),
            requests,
            durations,
            exposures,
            resources,
            integrations,
            synced,
            work,
        }
    }

    /// Counts an answer. `route` is the pattern, never the address: addresses hold names and secrets.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels {
            route: route.to_owned(),
        };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

impl WorkMetrics {
    /// Everything at zero, as a part of what a process counts.
    pub fn registered(registry: &mut Registry) -> Self {
        let (refreshes, runs) = (Family::default(), Family::default());
        registry.register(
            "refreshes",
            "Refreshes that are kept, by how they stand",
            Family::clone(&refreshes),
        );
        registry.register(
            "job_runs",
            "Runs of jobs in the queue and at work",
            Family::clone(&runs),
        );
        let (in_hand, calls, ended) = (Gauge::default(), Counter::default(), Family::default());
        registry.register(
            "refreshes_in_hand",
            "Refreshes that this process works at",
            in_hand.clone(),
        );
        registry.register(
            "refresh_calls",
            "Calls of this process that asked a BI tool for a refresh",
            calls.clone(),
        );
        registry.register(
            "refreshes_ended",
            "Refreshes that ended in this process, by how",
            Family::clone(&ended),
        );
        Self {
            refreshes,
            runs,
            in_hand,
            calls,
            ended,
        }
    }

    /// Reads how things stand.
    pub async fn take(&self, workspace: &Workspace, refresher: Option<&Refresher>) -> Result<(), Error> {
        let state = |state: &str| StateLabels {
            state: state.to_owned(),
        };
        let most = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (outcome, count) in workspace.refresh_counts().await? {
            self.refreshes
                .get_or_create(&state(outcome.name()))
                .set(most(count));
        }
        let queue = workspace.store().job_queue_counts().await?;
        for (word, count) in [("queued", queue.queued), ("running", queue.running)] {
            self.runs.get_or_create(&state(word)).set(most(count));
        }
        let Some(refresher) = refresher else {
            return Ok(());
        };
        let own = refresher.metrics();
        self.in_hand.set(i64::try_from(own.in_hand).unwrap_or(i64::MAX));
        // They only grow; of two who ask at once the later figure stays.
        self.calls.inner().fetch_max(own.sent, Ordering::Relaxed);
        for (outcome, count) in own.ended {
            let labels = OutcomeLabels {
                outcome: outcome.to_owned(),
            };
            let counter = self.ended.get_or_create(&labels);
            counter.inner().fetch_max(count, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// `GET /metrics`
pub async fn get(app: &App) -> Result<Response, Error> {
    let catalog = app.catalog(None)?;
    let metrics = app.metrics();
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    metrics.exposures.set(count(catalog.exposures().len()));
    metrics.resources.set(count(catalog.graph().len()));
    metrics.integrations.set(count(catalog.integrations().len()));
    for integration in catalog.integrations() {
        if let Some(sync) = integration.last_sync() {
            let labels = IntegrationLabels {
                integration: integration.name().to_owned(),
                outcome: sync.outcome.name().to_owned(),
            };
            let at = sync.finished_at.timestamp_millis();
            #[expect(
                clippy::cast_precision_loss,
                reason = "milliseconds of this age are exact in a double"
            )]
            metrics.synced.get_or_create(&labels).set(at as f64 / 1000.0);
        }
    }
    metrics.work.take(app.workspace(), app.refresher()).await?;
    respond(&metrics.registry)
}

/// What is counted, as text.
pub fn respond(registry: &Registry) -> Result<Response, Error> {
    let mut text = String::new();
    encode(&mut text, registry).map_err(|_| Error::internal())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}
