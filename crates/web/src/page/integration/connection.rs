//! `/integrations/{name}/connection`: another address, sign-in or secret. The secret is never shown.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use secrecy::SecretString;
use tailwater_engine::connection::ConnectionChange;
use tailwater_engine::integration::Integration;
use tailwater_engine::runtime::Subject;

use super::posted::Posted;
use super::{credential, find, overview, page, read_only_note, see};
use crate::context::Context;
use crate::error::Error;
use crate::view::form;
use crate::view::name::name;

/// `GET /integrations/{name}/connection`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    shown(&context, &integration, None, None).await
}

/// `POST /integrations/{name}/connection`: saves, and tries the connection at once.
pub async fn post(context: Context, Path(wanted): Path<String>, posted: Posted) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let text = |field: &str| posted.text(field).map(str::to_owned);
    let address = text("address").filter(|address| *address != integration.server);
    let change = ConnectionChange {
        // A site alone belongs to the server that is there.
        site: Some(posted.get("site").unwrap_or_default().trim().to_owned())
            .filter(|site| address.is_none() || !site.is_empty() && *site != integration.site),
        address,
        credential: credential::posted(&posted, &integration.credential),
        secret: posted.text("secret").map(SecretString::from),
        allow_http: None,
        projects: None,
    };
    let has_secret = change.secret.is_some();
    let changed = context
        .app
        .workspace()
        .update_connection(&integration.name, change)
        .await;
    if let Err(error) = changed {
        let error = Error::from(error);
        return shown(&context, &integration, Some(&error), Some(&posted)).await;
    }
    let what = if has_secret { "with another secret" } else { "" };
    context
        .record("integration.connection", integration.name.as_str(), what)
        .await?;
    context.app.refresh().await?;
    let subject = Subject::Integration(integration.name.clone());
    context.app.runtime().forget_check(&subject);
    context.app.runtime().start_check(subject);
    Ok(see(&context.links.integration(&integration.name)))
}

async fn shown(
    context: &Context,
    integration: &Integration,
    error: Option<&Error>,
    posted: Option<&Posted>,
) -> Result<Response, Error> {
    let token = context.app.workspace().token_state(&integration.name).await?;
    let value = |field: &str, present: &str| {
        posted
            .and_then(|posted| posted.get(field))
            .unwrap_or(present)
            .to_owned()
    };
    let shown_credential = posted.map_or_else(|| integration.credential.clone(), credential::typed);
    let body = html! {
        @if let Some(error) = error {
            div.notice.degraded role="alert" { p { (name(&error.message)) } @if let Some(hint) = &error.hint { p.hint { (hint) } } }
        }
        @match read_only_note(integration) {
            Some(note) => (note),
            None => form method="post" action=(context.links.integration(&integration.name).then("/connection").anywhere()) autocomplete="off" {
                (form::csrf(context))
                (form::text("address", "Server's address", &value("address", &integration.server), Some("Or any address of the site, copied from the browser.")))
                (form::text("site", "Site", &value("site", &integration.site), Some("What stands after /site/ in the browser's address; empty for the default site.")))
                (credential::fields(&shown_credential))
                div.field {
                    label for="secret" { "Secret" }
                    input #secret type="password" name="secret" autocomplete="new-password" aria-describedby="secret-advice" spellcheck="false";
                    p.advice #secret-advice { "The present one: " (overview::secret(integration, &token)) ". Leave the box empty to keep it." }
                }
                div.row { button.primary type="submit" { "Save and test" } a.button href=(context.links.integration(&integration.name)) { "Cancel" } }
            },
        }
    };
    let mut response = page(context, integration, "Connection")
        .body(&body)
        .into_response();
    if let Some(error) = error {
        *response.status_mut() = if error.status.is_server_error() {
            StatusCode::BAD_REQUEST
        } else {
            error.status
        };
    }
    Ok(response)
}
