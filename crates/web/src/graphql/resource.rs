//! What nodes of all kinds share.

use std::sync::{Arc, LazyLock};

use async_graphql::{Object, SimpleObject};
use serde_json::Value;
use tailwater_core::health::{Check, Health, HealthState, Reason};
use tailwater_core::history::NodeState;
use tailwater_core::project::Node;
use tailwater_engine::catalog::Catalog;

use super::limit::list_cost;
use super::scalar::{Instant, instant};

/// A node of the catalog by its position. Cheap to copy; its fields are read when they are asked for.
#[derive(Debug, Clone)]
pub struct Resource {
    pub catalog: Arc<Catalog>,
    pub position: usize,
}

impl Resource {
    pub fn node(&self) -> &Node {
        static NONE: LazyLock<Node> = LazyLock::new(Node::default);
        self.catalog.node_at(self.position).unwrap_or(&NONE)
    }

    pub fn id(&self) -> &str {
        self.node().unique_id.as_str()
    }

    pub fn health(&self) -> &Health {
        self.catalog.health(self.id())
    }

    pub fn state(&self) -> Option<&NodeState> {
        self.catalog.state(self.id())
    }
}

/// The fields of every kind.
#[derive(Debug, Clone)]
pub struct Common(pub Resource);

#[Object]
impl Common {
    /// dbt's `unique_id`.
    async fn unique_id(&self) -> &str {
        self.0.id()
    }

    /// dbt's word for the kind, such as `model`.
    async fn resource_type(&self) -> &str {
        self.0.node().resource_type.name()
    }

    /// dbt's name.
    async fn name(&self) -> &str {
        &self.0.node().name
    }

    /// Free text by the project's authors. Untrusted.
    async fn description(&self) -> Option<&str> {
        self.0.node().description.as_deref()
    }

    /// dbt's fully qualified name: package, folders, name.
    async fn fqn(&self) -> &[String] {
        &self.0.node().fqn
    }

    /// Tags, sorted.
    async fn tags(&self) -> &[String] {
        &self.0.node().tags
    }

    /// `meta` as declared.
    async fn meta(&self) -> Value {
        Value::Object(self.0.node().meta.clone())
    }

    /// `config` as dbt resolved it.
    async fn config(&self) -> Value {
        Value::Object((*self.0.node().config).clone())
    }

    /// Its file, relative to the package's root.
    async fn file_path(&self) -> &str {
        &self.0.node().path
    }

    /// The YAML file that describes it, when that is another.
    async fn patch_path(&self) -> Option<&str> {
        self.0.node().patch_path.as_deref()
    }

    /// The package that declares it.
    async fn package_name(&self) -> &str {
        &self.0.node().package
    }

    /// The project's name in Tailwater.
    async fn project_name(&self) -> Option<&str> {
        Some(self.0.catalog.project_of(self.0.id())?.name())
    }

    /// What it reads, one step up, sorted by `uniqueId`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn parents(&self) -> Vec<NestedNode> {
        self.0.catalog.parents(self.0.id()).map(NestedNode::new).collect()
    }

    /// What reads it, one step down, without tests, sorted by `uniqueId`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn children(&self) -> Vec<NestedNode> {
        self.0
            .catalog
            .children(self.0.id())
            .map(NestedNode::new)
            .collect()
    }

    /// How many exposures stand on it, directly or not.
    async fn exposures_downstream(&self) -> usize {
        self.0.catalog.exposures_fed(self.0.id())
    }

    /// Its health by dbt's rules, with reasons and checks.
    async fn health(&self) -> HealthObject {
        HealthObject::new(self.0.health())
    }

    /// Why it is not healthy, worst first; empty when it is.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn health_issues(&self) -> Vec<HealthIssue> {
        self.0.health().reasons.iter().map(HealthIssue::new).collect()
    }
}

/// A node beside another.
#[derive(Debug, Clone, SimpleObject)]
pub struct NestedNode {
    /// dbt's `unique_id`.
    unique_id: String,
    /// dbt's word for the kind.
    resource_type: &'static str,
    /// dbt's name.
    name: String,
}

impl NestedNode {
    pub fn new(node: &Node) -> Self {
        Self {
            unique_id: node.unique_id.to_string(),
            resource_type: node.resource_type.name(),
            name: node.name.clone(),
        }
    }
}

/// The health of a resource.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Health")]
pub struct HealthObject {
    /// `healthy`, `caution`, `degraded` or `unknown`.
    state: &'static str,
    /// Why it is not healthy, worst first.
    reasons: Vec<HealthIssue>,
    /// What was looked at.
    checks: Vec<HealthCheck>,
}

impl HealthObject {
    pub fn new(health: &Health) -> Self {
        Self {
            state: health.state.name(),
            reasons: health.reasons.iter().map(HealthIssue::new).collect(),
            checks: health.checks.iter().map(HealthCheck::new).collect(),
        }
    }
}

/// One reason for a resource's not being healthy.
#[derive(Debug, Clone, SimpleObject)]
pub struct HealthIssue {
    /// A stable word for it, such as `test_warned`.
    #[graphql(name = "type")]
    key: &'static str,
    /// The state it leads to.
    severity: &'static str,
    /// It in words. Untrusted: names of nodes are in it.
    message: String,
    /// The nodes that caused it, at most ten.
    unique_ids: Vec<String>,
    /// How many more there are.
    more: usize,
    /// When it came to be known.
    at: Option<Instant>,
}

impl HealthIssue {
    pub fn new(reason: &Reason) -> Self {
        Self {
            key: reason.key.name(),
            severity: reason.state.name(),
            message: reason.sentence(),
            unique_ids: reason.nodes.iter().map(ToString::to_string).collect(),
            more: reason.more,
            at: instant(reason.at),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, SimpleObject)]
pub struct HealthCheck {
    /// `freshness`, `build`, `tests` or `description`.
    #[graphql(name = "type")]
    kind: &'static str,
    /// It in words.
    title: String,
    /// How it was found; null where there is nothing to look at.
    state: Option<&'static str>,
    /// Where, in words. Untrusted: names of nodes are in it.
    place: String,
    /// When.
    at: Option<Instant>,
}

impl HealthCheck {
    fn new(check: &Check) -> Self {
        Self {
            kind: check.kind.name(),
            title: check.title.to_string(),
            state: check.state.map(HealthState::name),
            place: check.place(),
            at: instant(check.at),
        }
    }
}

/// How a node ended last: built, or as a test run.
#[derive(Debug, Clone, Default, SimpleObject)]
pub struct ExecutionInfo {
    /// dbt's id of the invocation.
    last_run_id: Option<String>,
    /// How it ended, by dbt's word.
    last_run_status: Option<String>,
    /// What dbt or the warehouse said, where it did not succeed. Untrusted.
    last_run_error: Option<String>,
    /// Of a test, the number of failing rows.
    last_run_failures: Option<i64>,
    /// The command, such as `build`.
    last_run_command: Option<String>,
    /// When it ended.
    execute_completed_at: Option<Instant>,
    /// How long it took, in seconds.
    execution_time: Option<f64>,
    /// When the artifact that says so was written.
    run_generated_at: Option<Instant>,
    /// When it was last built with success.
    last_success_at: Option<Instant>,
}

impl ExecutionInfo {
    pub fn new(state: Option<&NodeState>) -> Self {
        let Some((state, last)) =
            state.and_then(|state| Some((state, state.build.as_ref().or(state.test.as_ref())?)))
        else {
            return Self::default();
        };
        let status = last.status.name();
        let succeeded = matches!(status, "success" | "pass" | "no-op");
        Self {
            last_run_id: last.invocation_id.clone(),
            last_run_status: Some(status.to_owned()),
            last_run_error: last.message.clone().filter(|_| !succeeded),
            last_run_failures: last.failures,
            last_run_command: Some(last.command.clone()).filter(|command| !command.is_empty()),
            execute_completed_at: instant(last.at),
            execution_time: Some(last.execution_seconds),
            run_generated_at: instant(last.reported_at),
            last_success_at: instant(state.built_at),
        }
    }
}
