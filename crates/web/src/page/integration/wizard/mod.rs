//! `/integrations/new`: connecting a site in five steps, each an address of its own. What was said is kept as a draft,
//! so that somebody can stop and come back; the secret is sealed as soon as it is given, and never shown.
//!
//! ```text
//! tool ─▶ prepare ─▶ connection (tested line by line) ─▶ collections ─▶ review ─▶ the page of the first sync
//! ```

pub mod step;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use secrecy::SecretString;
use tailwater_core::collection_tree::CollectionTree;
use tailwater_core::credential::CredentialName;
use tailwater_core::id::ProjectName;
use tailwater_engine::draft::{Draft, DraftChange};
use tailwater_engine::runtime::Subject;
use tailwater_engine::settings::Kind;
use tailwater_engine::store::{DraftId, SyncCause};

use super::posted::Posted;
use super::{collection, credential, see, sync};
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::Page;

/// The steps, in order: the word in the address, and the title.
const STEPS: [(&str, &str); 5] = [
    ("tool", "Tool"),
    ("prepare", "In Tableau"),
    ("connection", "Connection"),
    ("collections", "Collections"),
    ("review", "Review"),
];

/// `GET /integrations/new`: the first step.
pub async fn tool(context: Context) -> Result<Response, Error> {
    let body = html! { (progress(&context, None, "tool")) (step::tool(&context)) };
    Ok(page(&context).body(&body).into_response())
}

/// `GET /integrations/new/{tool}`: the step that the address names.
pub async fn get(context: Context, Path(tool): Path<String>) -> Result<Response, Error> {
    let kind = kind(&tool)?;
    let draft = match context.parameter("draft") {
        Some(id) => Some(context.app.workspace().find_draft(parsed(&id)?).await?),
        None => None,
    };
    let wanted = context.parameter("step").unwrap_or_else(|| "prepare".to_owned());
    shown(&context, kind, &wanted, draft.as_ref(), None).await
}

/// `POST /integrations/new/{tool}/connection`: keeps what was said, and tests it.
pub async fn connection(
    context: Context,
    Path(tool): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let kind = kind(&tool)?;
    let workspace = context.app.workspace();
    let draft = if let Some(id) = posted.text("draft") {
        workspace.find_draft(parsed(id)?).await?
    } else {
        let by = context.principal.as_ref();
        let by = by.map_or("", |principal| principal.name.as_str());
        workspace.begin_draft(kind, by).await?
    };
    let change = DraftChange {
        address: Some(posted.get("address").unwrap_or_default().to_owned()),
        site: Some(posted.get("site").unwrap_or_default().to_owned()),
        credential: Some(credential::typed(&posted)),
        secret: posted.text("secret").map(SecretString::from),
        allow_http: Some(posted.has("allow_http")),
        ..DraftChange::default()
    };
    let draft = match workspace.change_draft(draft.id, change).await {
        Ok(draft) => draft,
        Err(error) => {
            let mut draft = draft;
            // What was typed is shown again, so that it can be mended.
            posted
                .get("address")
                .unwrap_or_default()
                .clone_into(&mut draft.said.address);
            match credential::typed(&posted) {
                CredentialName::Token(name) => draft.said.token_name = name,
                CredentialName::ConnectedApp(app) => draft.said.connected_app = Some(app),
            }
            let error = Error::from(error);
            return shown(&context, kind, "connection", Some(&draft), Some(&error)).await;
        }
    };
    let subject = Subject::Draft(draft.id);
    context.app.runtime().forget_check(&subject);
    if draft.said.missing().is_none() {
        context.app.runtime().start_check(subject);
    }
    Ok(see(&address(&context, kind, "connection", Some(draft.id))))
}

/// `POST /integrations/new/{tool}/collections`: keeps what is to be imported.
pub async fn collections(
    context: Context,
    Path(tool): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let kind = kind(&tool)?;
    let workspace = context.app.workspace();
    let draft = posted_draft(&context, &posted).await?;
    let listing = workspace.collections_of_draft(draft.id).await?;
    let tree = CollectionTree::new(&listing, &draft.said.collections);
    let change = DraftChange {
        collections: Some(collection::chosen(&tree, &posted)),
        ..DraftChange::default()
    };
    let draft = workspace.change_draft(draft.id, change).await?;
    if draft.said.collections.is_empty() {
        let error = Error::bad_request("nothing is chosen yet")
            .with_hint("check at least one collection, or import everything");
        return shown(&context, kind, "collections", Some(&draft), Some(&error)).await;
    }
    Ok(see(&address(&context, kind, "review", Some(draft.id))))
}

/// `POST /integrations/new/{tool}/finish`: saves, and syncs at once.
pub async fn finish(context: Context, Path(tool): Path<String>, posted: Posted) -> Result<Response, Error> {
    let kind = kind(&tool)?;
    let workspace = context.app.workspace();
    let draft = posted_draft(&context, &posted).await?;
    let change = DraftChange {
        name: Some(posted.get("name").unwrap_or_default().to_owned()),
        projects: Some(posted.all("project").map(ProjectName::new).collect()),
        ..DraftChange::default()
    };
    let saved = async {
        workspace.change_draft(draft.id, change).await?;
        workspace.finish_draft(draft.id).await
    };
    let integration = match saved.await {
        Ok(integration) => integration,
        Err(error) => {
            let error = Error::from(error);
            return shown(&context, kind, "review", Some(&draft), Some(&error)).await;
        }
    };
    context.app.runtime().forget_check(&Subject::Draft(draft.id));
    context
        .record("integration.add", integration.name.as_str(), &integration.server)
        .await?;
    context.app.refresh().await?;
    let by = context.principal.as_ref().map(|principal| principal.name.clone());
    let id = context
        .app
        .runtime()
        .start_sync(&integration.name, SyncCause::Asked, by.as_deref())
        .await?;
    Ok(see(&sync::address(&context, &integration.name, id)))
}

/// `POST /integrations/new/{tool}/discard`
pub async fn discard(context: Context, Path(tool): Path<String>, posted: Posted) -> Result<Response, Error> {
    kind(&tool)?;
    let draft = posted_draft(&context, &posted).await?;
    context.app.workspace().discard_draft(draft.id).await?;
    context.app.runtime().forget_check(&Subject::Draft(draft.id));
    Ok(see(&context.links.to("/integrations")))
}

async fn posted_draft(context: &Context, posted: &Posted) -> Result<Draft, Error> {
    let id = parsed(posted.get("draft").unwrap_or_default())?;
    Ok(context.app.workspace().find_draft(id).await?)
}

fn parsed(id: &str) -> Result<DraftId, Error> {
    id.parse()
        .map_err(|_| Error::from(tailwater_engine::Error::UnknownDraft))
}

fn kind(tool: &str) -> Result<Kind, Error> {
    match tool {
        "tableau" => Ok(Kind::Tableau),
        other => Err(Error::not_found("BI tool", other).with_hint("Tableau can be connected")),
    }
}

/// One step, with what went wrong on it.
async fn shown(
    context: &Context,
    kind: Kind,
    wanted: &str,
    draft: Option<&Draft>,
    error: Option<&Error>,
) -> Result<Response, Error> {
    // A later step needs what the earlier ones asked for.
    let here = match (wanted, draft) {
        ("collections" | "review", None) => "connection",
        ("collections" | "review", Some(draft)) if draft.said.missing().is_some() => "connection",
        ("review", Some(draft)) if draft.said.collections.is_empty() => "collections",
        (step, _) => STEPS
            .iter()
            .map(|(step, _)| *step)
            .find(|known| *known == step)
            .unwrap_or("prepare"),
    };
    let shown = match (here, draft) {
        ("tool", _) => step::tool(context),
        ("connection", draft) => step::connection(context, kind, draft),
        ("collections", Some(draft)) => step::collections(context, kind, draft).await,
        ("review", Some(draft)) => step::review(context, kind, draft).await?,
        _ => step::prepare(context, kind, draft.map(|draft| draft.id)),
    };
    let body = html! {
        (progress(context, draft.map(|draft| (kind, draft)), here))
        @if let Some(error) = error {
            div.notice.degraded role="alert" { p { (crate::view::name::name(&error.message)) } @if let Some(hint) = &error.hint { p.hint { (hint) } } }
        }
        (shown)
    };
    let mut response = page(context).body(&body).into_response();
    if let Some(error) = error {
        let is_fault = error.status.is_server_error();
        *response.status_mut() = if is_fault {
            StatusCode::BAD_REQUEST
        } else {
            error.status
        };
    }
    Ok(response)
}

fn page(context: &Context) -> Page<'_> {
    Page::new(context, "Connect a BI tool").crumb("Integrations", context.links.to("/integrations"))
}

/// The address of a step.
fn address(context: &Context, kind: Kind, step: &str, draft: Option<DraftId>) -> Address {
    if step == "tool" {
        return context.links.to("/integrations/new");
    }
    let address = context
        .links
        .to("/integrations/new")
        .segment(kind.name())
        .query("step", step);
    match draft {
        Some(id) => address.query("draft", &id.to_string()),
        None => address,
    }
}

/// Where the steps are, with links to those that can be gone to.
fn progress(context: &Context, draft: Option<(Kind, &Draft)>, here: &str) -> Markup {
    let place = STEPS
        .iter()
        .position(|(step, _)| *step == here)
        .unwrap_or_default();
    html! {
        nav aria-label="Steps" { ol.steps {
            @for (at, (step, title)) in STEPS.iter().enumerate() {
                li.here[at == place].done[at < place] aria-current=[(at == place).then_some("step")] {
                    @if at < place { a href=(address(context, draft.map_or(Kind::Tableau, |(kind, _)| kind), step, draft.map(|(_, draft)| draft.id))) { (at + 1) " " (title) } }
                    @else { (at + 1) " " (title) }
                }
            }
        } }
    }
}
