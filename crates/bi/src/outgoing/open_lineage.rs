//! OpenLineage: what ran, on what data, for which dashboards, in the words of the public specification (2-0-2).
//!
//! One run is one START and one COMPLETE, FAIL or ABORT with the same run id. There are runs within runs:
//!
//! ```text
//! run of a job ─▶ invocation of dbt ─┬▶ model, seed, snapshot: reads tables, writes one
//!                                    └▶ test: reads tables, says of them whether they are good
//!              └▶ refresh: reads the tables that a dashboard stands on, writes the dashboard
//! ```

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use super::error::{Error, Failure};
use super::{Caller, secret_header};

/// Who tells.
const PRODUCER: &str = concat!("urn:tailwater:", env!("CARGO_PKG_VERSION"));

/// The version of the specification.
const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Where a facet is described.
const FACETS: &str = "https://openlineage.io/spec/facets";

/// The longest message of an error, in characters.
const LONGEST_MESSAGE: usize = 2_000;

/// What happened to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineageState {
    /// It began.
    Start,
    /// It succeeded.
    Complete,
    /// It failed.
    Fail,
    /// It was cancelled, or nobody knows its end.
    Abort,
}

impl LineageState {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Fail => "FAIL",
            Self::Abort => "ABORT",
        }
    }
}

/// One event.
#[derive(Debug, Clone)]
pub struct LineageEvent {
    /// What happened.
    pub state: LineageState,
    /// When.
    pub at: DateTime<Utc>,
    /// The run: a UUID.
    pub run: String,
    /// What ran.
    pub job: LineageJob,
    /// What made it run.
    pub parent: Option<(String, LineageJob)>,
    /// What did the work, where it is not Tailwater itself.
    pub engine: Option<Engine>,
    /// What went wrong. Untrusted.
    pub error: Option<String>,
    /// What was read.
    pub inputs: Vec<Dataset>,
    /// What was written.
    pub outputs: Vec<Dataset>,
}

/// What did the work of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Its name, such as `dbt`.
    pub name: &'static str,
    /// Its version. Untrusted.
    pub version: String,
}

/// What runs again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageJob {
    /// The namespace of the deployment.
    pub namespace: String,
    /// A name that stays.
    pub name: String,
    /// The tool: `TAILWATER`, `DBT`, `TABLEAU`.
    pub integration: &'static str,
    /// `JOB`, `REFRESH`, or dbt's kind of a node in capitals.
    pub kind: &'static str,
}

/// Something that was read or written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    /// Where it is, such as `snowflake://acme` or `tableau://10ax.online.tableau.com/acme`.
    pub namespace: String,
    /// Its name there.
    pub name: String,
    /// The dashboard that it is.
    pub exposure: Option<ExposureFacet>,
    /// Of an input of a test, what was found.
    pub assertion: Option<Assertion>,
    /// Of an output, how many rows were written, where the warehouse says so.
    pub rows: Option<i64>,
}

/// What a test found in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The kind of test, such as `not_null`, or its name.
    pub name: String,
    /// Whether all was well.
    pub is_good: bool,
    /// The column that it looks at.
    pub column: Option<String>,
}

/// What is told of a dashboard. Untrusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ExposureFacet {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// The name for people.
    pub label: String,
    /// dbt's exposure type, such as `dashboard`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where a person opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Free text.
    #[serde(skip)]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// That one's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<String>,
}

impl LineageEvent {
    /// The event's JSON.
    pub fn to_json(&self) -> Value {
        let mut run_facets = Map::new();
        if let Some((run, job)) = &self.parent {
            let parent =
                json!({"run": {"runId": run}, "job": {"namespace": job.namespace, "name": job.name}});
            run_facets.insert("parent".to_owned(), facet("1-0-1/ParentRunFacet.json", parent));
        }
        if let Some(message) = &self.error {
            let message: String = message.chars().take(LONGEST_MESSAGE).collect();
            let error = json!({"message": message, "programmingLanguage": "unknown"});
            run_facets.insert(
                "errorMessage".to_owned(),
                facet("1-0-1/ErrorMessageRunFacet.json", error),
            );
        }
        let engine = match &self.engine {
            Some(engine) => json!({
                "name": engine.name, "version": engine.version,
                "openlineageAdapterVersion": env!("CARGO_PKG_VERSION"),
            }),
            None => json!({"name": "tailwater", "version": env!("CARGO_PKG_VERSION")}),
        };
        run_facets.insert(
            "processing_engine".to_owned(),
            facet("1-1-1/ProcessingEngineRunFacet.json", engine),
        );
        let kind = json!({
            "processingType": "BATCH", "integration": self.job.integration, "jobType": self.job.kind
        });
        json!({
            "eventType": self.state.name(),
            "eventTime": self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {"runId": self.run, "facets": run_facets},
            "job": {
                "namespace": self.job.namespace,
                "name": self.job.name,
                "facets": {"jobType": facet("2-0-3/JobTypeJobFacet.json", kind)},
            },
            "inputs": self.inputs.iter().map(Dataset::to_input).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(Dataset::to_output).collect::<Vec<_>>(),
        })
    }
}

impl Dataset {
    fn to_input(&self) -> Value {
        let mut input = self.to_json();
        if let Some(found) = &self.assertion {
            let mut one = json!({"assertion": found.name, "success": found.is_good});
            if let Some(column) = &found.column {
                one["column"] = column.as_str().into();
            }
            let facet = facet(
                "1-0-1/DataQualityAssertionsDatasetFacet.json",
                json!({"assertions": [one]}),
            );
            input["inputFacets"] = json!({"dataQualityAssertions": facet});
        }
        input
    }

    fn to_output(&self) -> Value {
        let mut output = self.to_json();
        if let Some(rows) = self.rows {
            let facet = facet(
                "1-0-1/OutputStatisticsOutputDatasetFacet.json",
                json!({"rowCount": rows}),
            );
            output["outputFacets"] = json!({"outputStatistics": facet});
        }
        output
    }

    fn to_json(&self) -> Value {
        let mut facets = Map::new();
        if let Some(exposure) = &self.exposure {
            let kind = json!({"datasetType": "DASHBOARD"});
            facets.insert(
                "datasetType".to_owned(),
                facet("1-0-0/DatasetTypeDatasetFacet.json", kind),
            );
            if let Some(description) = &exposure.description {
                let text = json!({"description": description});
                facets.insert(
                    "documentation".to_owned(),
                    facet("1-1-0/DocumentationDatasetFacet.json", text),
                );
            }
            if let Some(owner) = exposure.owner_email.as_ref().or(exposure.owner_name.as_ref()) {
                let owners = json!({"owners": [{"name": owner, "type": "OWNER"}]});
                facets.insert(
                    "ownership".to_owned(),
                    facet("1-0-1/OwnershipDatasetFacet.json", owners),
                );
            }
            let mut own = serde_json::to_value(exposure).unwrap_or_default();
            own["_producer"] = PRODUCER.into();
            own["_schemaURL"] = "urn:tailwater:facet:exposure:1-0-0".into();
            facets.insert("tailwater_exposure".to_owned(), own);
        }
        json!({"namespace": self.namespace, "name": self.name, "facets": facets})
    }
}

fn facet(schema: &str, mut body: Value) -> Value {
    body["_producer"] = PRODUCER.into();
    body["_schemaURL"] = format!("{FACETS}/{schema}").into();
    body
}

/// Hands an event to a collector. `url` is the whole address, as `https://marquez.acme.com/api/v1/lineage`.
pub async fn send(
    caller: &Caller,
    url: &Url,
    key: Option<&SecretString>,
    event: &str,
) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        let bearer = format!("Bearer {}", key.expose_secret());
        let value = secret_header(&bearer)
            .ok_or_else(|| Failure::settings("the key holds characters that no header may hold"))?;
        headers.insert(AUTHORIZATION, value);
    }
    caller
        .post("the lineage event", url, headers, event.to_owned())
        .await
}

/// Appends events to a file, each as one line, in one write, so that several processes can append to one file.
pub fn append(path: &Path, events: &[Value]) -> Result<(), Failure> {
    let refused = |source| Failure {
        error: Box::new(Error::File {
            path: path.to_owned(),
            source,
        }),
        is_final: false,
        wait: None,
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(refused)?;
    // In JSON's shortest form a break inside a text is escaped, so that an event is one line.
    let mut lines = String::new();
    for event in events {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{event}");
    }
    file.write_all(lines.as_bytes()).map_err(refused)
}
