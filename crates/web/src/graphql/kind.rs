//! One object for each kind of resource: what all share, and its own.

use std::sync::Arc;

use async_graphql::{MergedObject, Object, SimpleObject};
use tailwater_core::layer::Layer;
use tailwater_core::project::{Group, Macro, Severity, TestKind};
use tailwater_engine::catalog::Catalog;

use super::relation::{Relational, SourceFreshness};
use super::resource::{Common, ExecutionInfo, Resource};

/// Makes a kind's object out of its parts.
macro_rules! kind {
    ($(#[$documentation:meta])* $name:ident as $graphql:literal of $first:ident $(, $part:ident)*) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, MergedObject)]
        #[graphql(name = $graphql)]
        pub struct $name($first $(, $part)*);

        impl $name {
            /// The node at a position of the catalog.
            pub fn new(catalog: &Arc<Catalog>, position: usize) -> Self {
                let resource = Resource { catalog: Arc::clone(catalog), position };
                Self($first(resource.clone()) $(, $part(resource.clone()))*)
            }
        }
    };
}
pub(super) use kind;

kind!(
    /// A model with the state of its last run.
    ModelNode as "ModelAppliedStateNode" of Common, Relational, Built, ModelPart
);
kind!(
    /// A seed with the state of its last load.
    SeedNode as "SeedAppliedStateNode" of Common, Relational, Built
);
kind!(
    /// A snapshot with the state of its last run.
    SnapshotNode as "SnapshotAppliedStateNode" of Common, Relational, Built
);
kind!(
    /// A source table with its last check of freshness.
    SourceNode as "SourceAppliedStateNode" of Common, Relational, SourcePart
);
kind!(
    /// A test, unit tests included, with its last result.
    TestNode as "TestAppliedStateNode" of Common, Built, TestPart
);
kind!(
    /// A metric.
    MetricNode as "MetricDefinitionNode" of Common, Grouped
);
kind!(
    /// A semantic model.
    SemanticModelNode as "SemanticModelDefinitionNode" of Common, Grouped
);
kind!(
    /// A saved query.
    SavedQueryNode as "SavedQueryDefinitionNode" of Common, Grouped
);

/// The fields of kinds that a run touches.
#[derive(Debug, Clone)]
pub struct Built(pub Resource);

#[Object]
impl Built {
    /// How it ended last.
    async fn execution_info(&self) -> ExecutionInfo {
        ExecutionInfo::new(self.0.state())
    }
}

/// The group of kinds that can have one.
#[derive(Debug, Clone)]
pub struct Grouped(pub Resource);

#[Object]
impl Grouped {
    /// The group it belongs to.
    async fn group(&self) -> Option<&str> {
        self.0.node().group.as_deref()
    }
}

/// What only models have.
#[derive(Debug, Clone)]
pub struct ModelPart(pub Resource);

#[Object]
impl ModelPart {
    /// How it is built: `table`, `view`, `incremental`, …
    async fn materialized_type(&self) -> Option<&str> {
        self.0.node().materialized()
    }

    /// `marts`, `intermediate` or `staging`, where its name or folder shows it.
    async fn modeling_layer(&self) -> Option<&'static str> {
        Layer::of(self.0.node()).map(Layer::name)
    }

    /// The group it belongs to.
    async fn group(&self) -> Option<&str> {
        self.0.node().group.as_deref()
    }

    /// `private`, `protected` or `public`.
    async fn access(&self) -> Option<&str> {
        self.0.node().access.as_deref()
    }

    /// Its version.
    async fn version(&self) -> Option<&str> {
        self.0.node().version.as_deref()
    }

    /// The newest version among its siblings.
    async fn latest_version(&self) -> Option<&str> {
        self.0.node().latest_version.as_deref()
    }
}

/// What only sources have.
#[derive(Debug, Clone)]
pub struct SourcePart(pub Resource);

#[Object]
impl SourcePart {
    /// The source's name; `name` is the table's.
    async fn source_name(&self) -> Option<&str> {
        self.0.node().source_name.as_deref()
    }

    /// How fresh it is; null where it configures no freshness.
    async fn freshness(&self) -> Option<SourceFreshness> {
        let criteria = self.0.node().freshness?;
        let is_configured = criteria.warn_after_seconds.is_some() || criteria.error_after_seconds.is_some();
        is_configured.then(|| SourceFreshness::new(&self.0))
    }
}

/// What only tests have.
#[derive(Debug, Clone)]
pub struct TestPart(pub Resource);

#[Object]
impl TestPart {
    /// `generic`, `singular` or `unit`.
    async fn test_type(&self) -> Option<&'static str> {
        Some(match self.0.node().test.as_ref()?.kind {
            TestKind::Generic => "generic",
            TestKind::Singular => "singular",
            TestKind::Unit => "unit",
        })
    }

    /// Of a generic test, its name without the model's: `not_null`.
    async fn test_name(&self) -> Option<&str> {
        self.0.node().test.as_ref()?.name.as_deref()
    }

    /// The column that it is on.
    async fn column_name(&self) -> Option<&str> {
        self.0.node().test.as_ref()?.column.as_deref()
    }

    /// The node that it is declared on.
    async fn attached_node(&self) -> Option<&str> {
        let attached = self.0.node().test.as_ref()?.attached_node.as_ref()?;
        Some(attached.as_str())
    }

    /// `error` or `warn`.
    async fn severity(&self) -> Option<&'static str> {
        Some(match self.0.node().test.as_ref()?.severity {
            Severity::Error => "error",
            Severity::Warn => "warn",
        })
    }
}

/// A macro.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "MacroDefinitionNode")]
pub struct MacroNode {
    /// dbt's `unique_id`.
    unique_id: String,
    /// Always `macro`.
    resource_type: &'static str,
    /// Its name.
    name: String,
    /// Free text. Untrusted.
    description: Option<String>,
    /// The package that declares it.
    package_name: String,
    /// Its file, relative to the package's root.
    file_path: String,
}

impl MacroNode {
    pub fn new(found: &Macro) -> Self {
        Self {
            unique_id: found.unique_id.to_string(),
            resource_type: "macro",
            name: found.name.clone(),
            description: found.description.clone(),
            package_name: found.package.clone(),
            file_path: found.path.clone(),
        }
    }
}

/// A group: the people to whom its models belong.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "GroupDefinitionNode")]
pub struct GroupNode {
    /// `group.<package>.<name>`.
    unique_id: String,
    /// Always `group`.
    resource_type: &'static str,
    /// Its name.
    name: String,
    /// The package that declares it.
    package_name: String,
    /// Who answers for it.
    owner_name: Option<String>,
    /// Their address.
    owner_email: Option<String>,
}

impl GroupNode {
    pub fn new(group: &Group) -> Self {
        Self {
            unique_id: Self::id(group),
            resource_type: "group",
            name: group.name.clone(),
            package_name: group.package.clone(),
            owner_name: group.owner_name.clone(),
            owner_email: group.owner_email.clone(),
        }
    }

    pub fn id(group: &Group) -> String {
        format!("group.{}.{}", group.package, group.name)
    }
}
