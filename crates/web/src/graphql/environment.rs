//! An environment, and what is known of it: as it is applied to the warehouse, and as it is declared.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use serde_json::Value;
use tailwater_core::project::{Project, ResourceType};
use tailwater_engine::catalog::Catalog;

use super::connection::{Connection, Page};
use super::exposure::{self, ExposureNode, ExposureTile};
use super::filter::{ExposureFilter, ExposureTileFilter, LineageFilter, ResourceFilter};
use super::kind::{
    GroupNode, MacroNode, MetricNode, ModelNode, SavedQueryNode, SeedNode, SemanticModelNode, SnapshotNode,
    SourceNode, TestNode,
};
use super::limit::{lineage_cost, page_cost};
use super::lineage::{self, LineageNode};
use super::resource::Resource;
use super::scalar::{EnvironmentId, Instant};
use crate::api::summary;

/// An environment of the dbt projects, such as production.
#[derive(Debug, Clone)]
pub struct Environment(pub Arc<Catalog>);

#[Object]
impl Environment {
    /// Its name.
    async fn id(&self) -> EnvironmentId {
        EnvironmentId(name_of(&self.0))
    }

    /// Its name.
    async fn name(&self) -> String {
        name_of(&self.0)
    }

    /// The dbt projects in it, by their names in Tailwater.
    async fn dbt_project_names(&self) -> Vec<&str> {
        self.0
            .projects()
            .iter()
            .map(tailwater_engine::catalog::CatalogProject::name)
            .collect()
    }

    /// The kinds of warehouse that the projects are for, such as `snowflake`.
    async fn adapter_types(&self) -> Vec<&str> {
        let manifests = self.0.manifests();
        let mut types: Vec<&str> = manifests
            .map(|project| project.metadata.adapter_type.as_str())
            .collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// What is in the warehouse and the BI tools: declared resources with their last runs, and exposures,
    /// automatic ones included.
    async fn applied(&self) -> Applied {
        Applied(State {
            catalog: Arc::clone(&self.0),
            only_declared: false,
        })
    }

    /// What the projects declare: exposures that are only imported from a BI tool are left out.
    async fn definition(&self) -> Definition {
        Definition(State {
            catalog: Arc::clone(&self.0),
            only_declared: true,
        })
    }
}

fn name_of(catalog: &Catalog) -> String {
    let named = catalog.environment().map(ToString::to_string);
    named.unwrap_or_else(|| tailwater_engine::environment::DEFAULT_ENVIRONMENT.to_owned())
}

/// A view of the catalog.
#[derive(Debug, Clone)]
struct State {
    catalog: Arc<Catalog>,
    only_declared: bool,
}

impl State {
    /// The positions of the kinds, in the order of ids.
    fn positions(&self, kinds: &[ResourceType]) -> Vec<usize> {
        let is_asked = |position: &usize| {
            let node = self.catalog.node_at(*position);
            node.is_some_and(|node| kinds.contains(&node.resource_type))
        };
        (0..self.catalog.graph().len()).filter(is_asked).collect()
    }

    fn list<T: async_graphql::OutputType>(
        &self,
        kinds: &[ResourceType],
        page: &Page,
        filter: Option<&ResourceFilter>,
        show: impl Fn(&Arc<Catalog>, usize) -> T,
    ) -> async_graphql::Result<Connection<T>> {
        let mut positions = self.positions(kinds);
        if let Some(filter) = filter {
            positions = filter.choose(&self.catalog, positions)?;
        }
        page.cut_positions(&self.catalog, &positions, |position| {
            show(&self.catalog, position)
        })
    }

    fn exposures(
        &self,
        page: &Page,
        filter: Option<&ExposureFilter>,
    ) -> async_graphql::Result<Connection<ExposureNode>> {
        let mut positions = exposure::positions(&self.catalog, self.only_declared);
        if let Some(filter) = filter {
            positions = filter.choose(&self.catalog, positions)?;
        }
        page.cut_positions(&self.catalog, &positions, |position| {
            ExposureNode::new(&self.catalog, position)
        })
    }

    fn macros(&self, page: &Page) -> async_graphql::Result<Connection<MacroNode>> {
        let mut macros: Vec<_> = self.catalog.macros().collect();
        macros.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
        macros.dedup_by(|later, first| later.unique_id == first.unique_id);
        page.cut(
            &macros,
            |found| found.unique_id.to_string(),
            |found| MacroNode::new(found),
        )
    }

    fn groups(&self, page: &Page) -> async_graphql::Result<Connection<GroupNode>> {
        let manifests = self.catalog.manifests();
        let mut groups: Vec<_> = manifests.flat_map(Project::groups).collect();
        groups.sort_by_key(|group| GroupNode::id(group));
        groups.dedup_by_key(|group| GroupNode::id(group));
        page.cut(
            &groups,
            |group| GroupNode::id(group),
            |group| GroupNode::new(group),
        )
    }

    fn lineage(
        &self,
        first: Option<i32>,
        filter: Option<LineageFilter>,
    ) -> async_graphql::Result<Vec<LineageNode>> {
        let mut positions = filter.unwrap_or_default().choose(&self.catalog)?;
        if self.only_declared {
            let declared = exposure::positions(&self.catalog, true);
            positions.retain(|position| {
                let node = self.catalog.node_at(*position);
                node.is_some_and(|node| {
                    node.resource_type != ResourceType::Exposure || declared.binary_search(position).is_ok()
                })
            });
        }
        lineage::nodes(&self.catalog, &positions, first)
    }

    /// How many resources there are of each kind, by dbt's word.
    fn counts(&self) -> Value {
        let mut counts: serde_json::Map<String, Value> = summary::kinds(&self.catalog)
            .into_iter()
            .map(|kind| (kind.resource_type, Value::from(kind.count)))
            .collect();
        if self.only_declared {
            let declared = exposure::positions(&self.catalog, true).len();
            counts.insert(ResourceType::Exposure.name().to_owned(), Value::from(declared));
        }
        Value::Object(counts)
    }
}

/// How many resources of a kind are in each state of health.
#[derive(Debug, Clone, SimpleObject)]
pub struct KindHealth {
    /// dbt's word for the kind.
    resource_type: String,
    /// How many there are.
    count: usize,
    /// How many of them are healthy.
    healthy: usize,
    /// How many want a look.
    caution: usize,
    /// How many are degraded.
    degraded: usize,
    /// Of how many nothing is known.
    unknown: usize,
}

/// Makes the two views of an environment, which have the same lists.
macro_rules! view {
    ($(#[$documentation:meta])* $name:ident as $graphql:literal { $($further:tt)* }) => {
        $(#[$documentation])*
        #[derive(Debug, Clone)]
        pub struct $name(State);

        #[Object(name = $graphql)]
        impl $name {
            /// Exposures, each dashboard once.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn exposures(
                &self,
                #[graphql(desc = "How many, at most 500; 100 when left out.")] first: Option<i32>,
                #[graphql(desc = "`endCursor` of the page before.")] after: Option<String>,
                filter: Option<ExposureFilter>,
            ) -> async_graphql::Result<Connection<ExposureNode>> {
                self.0.exposures(&Page { first, after }, filter.as_ref())
            }

            /// Models.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn models(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<ModelNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::Model], &page, filter.as_ref(), ModelNode::new)
            }

            /// Seeds.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn seeds(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<SeedNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::Seed], &page, filter.as_ref(), SeedNode::new)
            }

            /// Snapshots.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn snapshots(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<SnapshotNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::Snapshot], &page, filter.as_ref(), SnapshotNode::new)
            }

            /// Source tables.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn sources(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<SourceNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::Source], &page, filter.as_ref(), SourceNode::new)
            }

            /// Tests, unit tests included.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn tests(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<TestNode>> {
                let page = Page { first, after };
                let kinds = [ResourceType::Test, ResourceType::UnitTest];
                self.0.list(&kinds, &page, filter.as_ref(), TestNode::new)
            }

            /// Metrics.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn metrics(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<MetricNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::Metric], &page, filter.as_ref(), MetricNode::new)
            }

            /// Semantic models.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn semantic_models(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<SemanticModelNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::SemanticModel], &page, filter.as_ref(), SemanticModelNode::new)
            }

            /// Saved queries.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn saved_queries(
                &self,
                first: Option<i32>,
                after: Option<String>,
                filter: Option<ResourceFilter>,
            ) -> async_graphql::Result<Connection<SavedQueryNode>> {
                let page = Page { first, after };
                self.0.list(&[ResourceType::SavedQuery], &page, filter.as_ref(), SavedQueryNode::new)
            }

            /// Macros, dbt's own and those of packages included.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn macros(
                &self,
                first: Option<i32>,
                after: Option<String>,
            ) -> async_graphql::Result<Connection<MacroNode>> {
                self.0.macros(&Page { first, after })
            }

            /// Groups.
            #[graphql(complexity = "page_cost(first, child_complexity)")]
            async fn groups(
                &self,
                first: Option<i32>,
                after: Option<String>,
            ) -> async_graphql::Result<Connection<GroupNode>> {
                self.0.groups(&Page { first, after })
            }

            /// What reads what, as a list of nodes that name their parents.
            #[graphql(complexity = "lineage_cost(first, child_complexity)")]
            async fn lineage(
                &self,
                #[graphql(desc = "How many resources it may have, at most 50000; 5000 when left out.")]
                first: Option<i32>,
                filter: Option<LineageFilter>,
            ) -> async_graphql::Result<Vec<LineageNode>> {
                self.0.lineage(first, filter)
            }

            /// How many resources there are of each kind, by dbt's word.
            async fn resource_counts(&self) -> Value {
                self.0.counts()
            }

            /// When this was put together.
            async fn last_updated_at(&self) -> Instant {
                Instant(self.0.catalog.built_at())
            }

            $($further)*
        }
    };
}

view!(
    /// What is in the warehouse and the BI tools.
    Applied as "AppliedState" {
        /// Whether a dashboard can be trusted, in two words; null for one that is not there.
        async fn exposure_tile(&self, filter: ExposureTileFilter) -> Option<ExposureTile> {
            tile(&self.0.catalog, &filter)
        }

        /// How many resources of each kind are in each state of health.
        async fn health_counts(&self) -> Vec<KindHealth> {
            let kinds = summary::kinds(&self.0.catalog).into_iter();
            kinds
                .map(|kind| KindHealth {
                    resource_type: kind.resource_type,
                    count: kind.count,
                    healthy: kind.healthy,
                    caution: kind.caution,
                    degraded: kind.degraded,
                    unknown: kind.unknown,
                })
                .collect()
        }
    }
);

view!(
    /// What the projects declare.
    Definition as "DefinitionState" {}
);

/// The tile of an exposure; `None` where there is none of that name.
pub fn tile(catalog: &Arc<Catalog>, filter: &ExposureTileFilter) -> Option<ExposureTile> {
    let exposure = catalog.exposure(&filter.unique_id)?;
    Some(ExposureTile(Resource {
        position: catalog.graph().position(exposure.unique_id.as_str())?,
        catalog: Arc::clone(catalog),
    }))
}
