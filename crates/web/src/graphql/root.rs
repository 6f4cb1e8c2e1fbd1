//! Where every query begins.

#![expect(
    clippy::unused_async,
    reason = "the schema's macro takes asynchronous functions alone"
)]

use std::sync::Arc;

use async_graphql::{Context, Object};
use tailwater_engine::catalog::Catalog;

use super::connection::from_web;
use super::environment::{Environment, tile};
use super::exposure::ExposureTile;
use super::filter::ExposureTileFilter;
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
