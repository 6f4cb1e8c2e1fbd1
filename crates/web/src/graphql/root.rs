//! Where every query begins.

#![expect(
    clippy::unused_async,
    reason = "the schema's macro takes asynchronous functions alone"
)]

use std::sync::Arc;

use async_graphql::{Context, Object};
use tailwater_core::id::IntegrationName;
use tailwater_engine::catalog::Catalog;

use super::connection::from_web;
use super::diff::IntegrationDiff;
use super::environment::{Environment, tile};
use super::exposure::ExposureTile;
use super::filter::ExposureTileFilter;
use super::limit::diff_cost;
use super::scalar::EnvironmentId;
use crate::app::App;
use crate::error::Error;

/// What the request brings: the catalog of the environment that its address names, and the way to others.
#[derive(Debug, Clone)]
pub struct Source {
    pub app: App,
    pub catalog: Arc<Catalog>,
}

/// Everything that can be asked. Nothing can be changed.
#[derive(Debug, Clone, Copy)]
pub struct Query;

#[Object]
impl Query {
    /// An environment by its name; without one, or by a number, production.
    async fn environment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name, such as `production`.")] id: Option<EnvironmentId>,
    ) -> async_graphql::Result<Environment> {
        Ok(Environment(find(context, id)?))
    }

    /// Whether a dashboard can be trusted, in two words; null for one that is not there.
    async fn exposure_tile(
        &self,
        context: &Context<'_>,
        environment_id: Option<EnvironmentId>,
        filter: ExposureTileFilter,
    ) -> async_graphql::Result<Option<ExposureTile>> {
        Ok(tile(&find(context, environment_id)?, &filter))
    }

    /// Which exposures of an integration came, went or are otherwise between two syncs, or two moments.
    #[graphql(complexity = "diff_cost(child_complexity)")]
    async fn diff(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The integration, by its name.")] integration_id: String,
        #[graphql(
            desc = "The first moment, such as `previous`, `~3`, the id of a sync or a time; the sync before the second when left out."
        )]
        from: Option<String>,
        #[graphql(desc = "The second moment, such as `latest` or `now`; the last sync when left out.")]
        to: Option<String>,
    ) -> async_graphql::Result<IntegrationDiff> {
        let source = context
            .data::<Source>()
            .map_err(|_| from_web(&Error::internal()))?;
        let given = |moment: Option<String>| moment.filter(|moment| !moment.trim().is_empty());
        let (from, to) = (given(from), given(to));
        let name = IntegrationName::new(integration_id);
        let workspace = source.app.workspace();
        let diff = workspace.diff(&name, from.as_deref(), to.as_deref()).await;
        Ok(diff.map_err(|error| from_web(&error.into()))?.into())
    }
}

fn find(context: &Context<'_>, id: Option<EnvironmentId>) -> async_graphql::Result<Arc<Catalog>> {
    let source = context
        .data::<Source>()
        .map_err(|_| from_web(&Error::internal()))?;
    let Some(EnvironmentId(name)) = id else {
        return Ok(Arc::clone(&source.catalog));
    };
    match source.app.catalog(Some(&name)) {
        Ok(catalog) => Ok(catalog),
        Err(_) if name.parse::<i64>().is_ok() => Ok(Arc::clone(&source.catalog)),
        Err(_) if name == tailwater_engine::environment::DEFAULT_ENVIRONMENT => {
            Ok(Arc::clone(&source.catalog))
        }
        Err(error) => Err(from_web(&error)),
    }
}
