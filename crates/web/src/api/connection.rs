//! `/api/v1/integrations`: connecting a BI site, choosing its collections, parting from it.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_core::selection::Selection;
use tailwater_engine::integration::NewIntegration;
use tailwater_engine::settings::HttpSettings;
use utoipa::ToSchema;

use super::integration::{ConnectedAppShape, IntegrationShape, shape};
use super::read::{JsonBody, optional_secret};
use crate::context::Context;
use crate::error::Error;

/// A Tableau site to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedIntegration {
    /// Its name in Tailwater.
    pub name: String,
    /// The server's address, or any address of the site copied from the browser.
    pub server: String,
    /// The site's name in addresses; taken from the address when left out.
    pub site: Option<String>,
    /// The name of a personal access token; with it, `token_secret`.
    pub token_name: Option<String>,
    /// Its secret. It is sealed at once, and no answer ever holds it.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, write_only)]
    pub token_secret: Option<SecretString>,
    /// Or a connected app; with it, `app_secret`.
    pub connected_app: Option<ConnectedAppShape>,
    /// The value of its secret. It is sealed at once, and no answer ever holds it.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, write_only)]
    pub app_secret: Option<SecretString>,
    /// Allows plain `http` to another machine.
    #[serde(default)]
    pub allow_http: bool,
    /// The dbt projects that feed it, the first naming the exposures; all when empty.
    #[serde(default)]
    pub projects: Vec<String>,
    /// The collections to import, as patterns; none when empty.
    #[serde(default)]
    pub collections: Vec<String>,
}

/// The collections to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedCollections {
    /// The whole selection: paths such as `Sales/Public`, `Sales/**` with all below, `**` for everything.
    pub collections: Vec<String>,
}

/// Connects a Tableau site. Nothing is contacted; the first sync follows when collections are chosen.
#[utoipa::path(post, path = "/api/v1/integrations", tag = "integrations", request_body = WantedIntegration,
    responses((status = 201, body = IntegrationShape), (status = 400, description = "the address or name is not fit"),
        (status = 409, description = "there is one of this name")))]
pub async fn create(
    context: Context,
    JsonBody(wanted): JsonBody<WantedIntegration>,
) -> Result<(StatusCode, Json<IntegrationShape>), Error> {
    let (credential, secret) = match (
        wanted.token_name.zip(wanted.token_secret),
        wanted.connected_app.zip(wanted.app_secret),
    ) {
        (Some((name, secret)), None) => (CredentialName::Token(name), secret),
        (None, Some((app, secret))) => {
            let app = ConnectedApp {
                client_id: app.client_id,
                secret_id: app.secret_id,
                user: app.user,
            };
            (CredentialName::ConnectedApp(app), secret)
        }
        _ => {
            return Err(Error::bad_request("it is not said with what to sign in")
                .with_hint("give `token_name` and `token_secret`, or `connected_app` and `app_secret`"));
        }
    };
    let new = NewIntegration {
        name: IntegrationName::new(wanted.name),
        server: wanted.server,
        site: wanted.site,
        credential,
        secret,
        allow_http: wanted.allow_http,
        projects: wanted.projects.into_iter().map(ProjectName::new).collect(),
        http: HttpSettings::default(),
    };
    let selection = Selection::new(wanted.collections);
    let made = context.app.workspace().add_integration(new, selection).await?;
    context
        .record("integration.add", made.name.as_str(), &made.server)
        .await?;
    Ok((StatusCode::CREATED, shown(&context, &made.name).await?))
}

/// Parts from a site: its exposures, history, rules and secret are forgotten.
#[utoipa::path(delete, path = "/api/v1/integrations/{name}", tag = "integrations", params(("name" = String, Path)),
    responses((status = 204), (status = 404, description = "there is no such integration"),
        (status = 409, description = "the integration is declared in the file")))]
pub async fn remove(context: Context, Path(name): Path<String>) -> Result<StatusCode, Error> {
    let name = IntegrationName::new(name);
    context.app.workspace().remove_integration(&name).await?;
    context.record("integration.remove", name.as_str(), "").await?;
    context.app.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The site's collections as the last sync saw them, with what the selection does.
#[utoipa::path(get, path = "/api/v1/integrations/{name}/collections", tag = "integrations", params(("name" = String, Path)),
    responses((status = 200, body = Object), (status = 404, description = "there is no such integration")))]
pub async fn collections(context: Context, Path(name): Path<String>) -> Result<Json<Value>, Error> {
    let workspace = context.app.workspace();
    let tree = workspace.known_collections(&IntegrationName::new(name)).await?;
    Ok(Json(serde_json::to_value(tree).map_err(|_| Error::internal())?))
}

/// Replaces the whole selection. A sync follows by itself.
#[utoipa::path(put, path = "/api/v1/integrations/{name}/collections", tag = "integrations",
    params(("name" = String, Path)), request_body = WantedCollections,
    responses((status = 200, body = IntegrationShape), (status = 404, description = "there is no such integration"),
        (status = 409, description = "the integration is declared in the file")))]
pub async fn select(
    context: Context,
    Path(name): Path<String>,
    JsonBody(wanted): JsonBody<WantedCollections>,
) -> Result<Json<IntegrationShape>, Error> {
    let name = IntegrationName::new(name);
    let words = wanted.collections.join(", ");
    let selection = Selection::new(wanted.collections);
    context.app.workspace().set_selection(&name, &selection).await?;
    context
        .record("integration.select", name.as_str(), &words)
        .await?;
    shown(&context, &name).await
}

/// Shows a change: in the answer, and in every answer after it. What is chosen is synced.
async fn shown(context: &Context, name: &IntegrationName) -> Result<Json<IntegrationShape>, Error> {
    context.app.refresh().await?;
    context.app.runtime().nudge();
    let catalog = context.catalog()?;
    let integration = catalog
        .integration(name.as_str())
        .ok_or_else(|| Error::not_found("integration", name.as_str()))?;
    let exposures = catalog.exposures_of(Some(name.as_str())).count();
    Ok(Json(shape(integration, exposures)?))
}
