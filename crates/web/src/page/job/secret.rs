//! The sealed variables of a job: set here, never shown again.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use secrecy::SecretString;
use tailwater_engine::account::Role;
use tailwater_engine::job::JobEntry;

use super::{address, find};
use crate::context::Context;
use crate::error::Error;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::form;
use crate::view::name::cut;

/// The card of a job's page.
pub(super) fn card(context: &Context, entry: &JobEntry) -> Markup {
    html! {
        section.card #secrets { h2 { "Secrets" }
            p.muted { "Variables whose values are sealed in the store, and hidden in logs." }
            @if entry.secret_states.is_empty() { p { "There are none." } }
            @else { ul.plain-list { @for secret in &entry.secret_states { li {
                code { (cut(&secret.name, 200)) } " "
                @if secret.is_stored { span.muted { "set" } }
                @else { span.muted { "taken from the environment of the process that runs it" } }
            } } } }
            @if context.may(Role::Admin) {
                form method="post" action=(address(context, &entry.job.name).then("/secrets").anywhere()) {
                    (form::csrf(context))
                    div.field { label for="secret-name" { "Variable" } input type="text" id="secret-name" name="name" required maxlength="200" autocomplete="off"; }
                    div.field { label for="secret-value" { "Value" } input type="password" id="secret-value" name="value" required autocomplete="new-password"; }
                    button type="submit" { "Set" }
                }
            }
        }
    }
}

/// `POST /jobs/{name}/secrets`: sets one.
pub async fn post(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let variable = posted
        .text("name")
        .ok_or_else(|| Error::bad_request("no variable was named"))?;
    let value = SecretString::from(posted.get("value").unwrap_or_default());
    let workspace = context.app.workspace();
    workspace
        .set_job_secret(&entry.job.name, variable, &value, &principal.actor)
        .await?;
    let back = address(&context, &entry.job.name);
    Ok(Redirect::to(&format!("{back}#secrets")).into_response())
}
