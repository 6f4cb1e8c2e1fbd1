//! `/api/openapi.json`, the description of the API (OpenAPI 3.1), and `/api/docs`, the same to read.

use axum::Json;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa::{Modify, OpenApi};

use super::{
    account, artifact, connection, curation, diff, exposure, health, history, integration, job, job_run,
    lineage, macros, policy, project, refresh, resource, search, summary, sync, tree,
};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::Page;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tailwater",
        description = "Everything that the catalog's pages show. Sign in with an API token: `Authorization: Bearer twt_…`. \
                       `?env=NAME` picks an environment other than production. Errors are `application/problem+json`."
    ),
    paths(
        summary::get, search::get, health::get, tree::get,
        exposure::list, exposure::get,
        curation::list, curation::left_out, curation::get, curation::patch,
        curation::link, curation::unlink, curation::leave_out, curation::bring_in,
        resource::list, resource::get, resource::exposures, history::runs, history::code,
        macros::list, macros::get,
        lineage::get, lineage::complete,
        project::list, project::get, project::create, project::remove,
        project::environments, project::create_environment, project::make_production, project::remove_environment,
        artifact::put,
        artifact::post,
        integration::list, integration::get, integration::syncs, diff::get, integration::unmatched,
        connection::create, connection::remove, connection::collections, connection::select,
        sync::start, sync::get, sync::stop,
        integration::preview_mapping, integration::add_mapping, integration::remove_mapping,
        refresh::list, refresh::ask, refresh::get, refresh::cancel, policy::list, policy::put,
        job::list, job::create, job::get, job::put, job::remove, job::put_secret, job::run,
        job_run::list, job_run::get, job_run::log, job_run::artifact, job_run::cancel, job_run::again,
        account::users, account::change_user, account::remove_user,
        account::tokens, account::make_token, account::revoke_token, account::audit,
    ),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Api;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("an API token, `twt_…`"));
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// The whole description.
pub fn document() -> Document {
    Api::openapi()
}

/// `GET /api/openapi.json`
pub async fn get(context: Context) -> Json<Document> {
    let mut document = document();
    let base = if context.links.base().is_empty() {
        "/"
    } else {
        context.links.base()
    };
    document.servers = Some(vec![utoipa::openapi::Server::new(base)]);
    Json(document)
}

/// `GET /api/docs`
pub async fn page(context: Context) -> Result<Response, Error> {
    let document = document();
    let mut families: Vec<(String, Markup)> = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            let family = operation
                .tags
                .iter()
                .flatten()
                .next()
                .cloned()
                .unwrap_or_default();
            let entry = endpoint(method, path, operation);
            match families.iter_mut().find(|(name, _)| *name == family) {
                Some((_, entries)) => *entries = html! { (entries) (entry) },
                None => families.push((family, entry)),
            }
        }
    }
    let body = html! {
        p { "Everything that pages show, as JSON. Sign in with an API token: " code { "Authorization: Bearer twt_…" } ". " }
        p {
            a href=(context.links.to("/api/openapi.json").anywhere()) { "OpenAPI 3.1" } " · "
            a href=(context.links.to("/settings/tokens")) { "API tokens" }
        }
        @for (family, entries) in &families {
            section.card { h2 { (family) } (entries) }
        }
    };
    Ok(Page::new(&context, "API").body(&body).into_response())
}

/// The endpoints at one path, by method.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn endpoint(method: &str, path: &str, operation: &Operation) -> Markup {
    let about = operation.description.as_ref().or(operation.summary.as_ref());
    html! {
        h3 { code { (method) " " (path) } }
        @if let Some(about) = about { p { (about) } }
        @if let Some(parameters) = operation.parameters.as_ref().filter(|parameters| !parameters.is_empty()) {
            dl.facts { @for parameter in parameters.iter().filter_map(written_out) {
                dt { code { (parameter.name) } }
                dd { (parameter.description.as_deref().unwrap_or("in the path")) }
            } }
        }
        p.muted {
            "Answers: "
            @for (at, (status, answer)) in operation.responses.responses.iter().enumerate() {
                @if at > 0 { ", " }
                (status)
                @if let RefOr::T(answer) = answer && !answer.description.is_empty() { " (" (answer.description) ")" }
            }
        }
    }
}

/// What the document itself says, rather than by reference to another place.
const fn written_out<T>(described: &RefOr<T>) -> Option<&T> {
    match described {
        RefOr::T(described) => Some(described),
        RefOr::Ref(_) => None,
    }
}
