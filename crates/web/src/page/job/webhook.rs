//! The webhook of a job: an address that sets it off, shown once when it is made.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use secrecy::ExposeSecret as _;
use tailwater_engine::account::Role;
use tailwater_engine::job::{JobEntry, WEBHOOKS};

use super::{address, find};
use crate::context::Context;
use crate::error::Error;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::chrome::Page;
use crate::view::form;
use crate::view::name::cut;

/// The card of a job's page; with the address when it was made just now.
pub(super) fn card(context: &Context, entry: &JobEntry, made: Option<&str>) -> Markup {
    let action = || address(context, &entry.job.name).then("/webhook").anywhere();
    html! {
        section.card #webhook { h2 { "Webhook" }
            @if let Some(made) = made {
                p { strong { "Copy it now: it is not shown again." } }
                pre #webhook-address tabindex="0" { (made) }
                p { button type="button" data-copy-from="webhook-address" { "Copy" } }
                p.muted { "A " code { "POST" } " to it sets the job off, without sign-in: whoever knows it may." }
            } @else {
                p { @if entry.has_webhook { "A " code { "POST" } " to its address sets the job off. The address was shown when it was made." }
                    @else { "There is none. With one, another system sets the job off without signing in." } }
            }
            @if context.may(Role::Admin) {
                div.row {
                    form method="post" action=(action()) { (form::csrf(context)) button type="submit" { @if entry.has_webhook { "Make another" } @else { "Make one" } } }
                    @if entry.has_webhook {
                        form method="post" action=(action()) { (form::csrf(context)) button.danger type="submit" name="remove" value="1" { "Remove it" } }
                    }
                }
            }
        }
    }
}

/// `POST /jobs/{name}/webhook`: makes one, in place of an earlier one, or removes it.
pub async fn post(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let workspace = context.app.workspace();
    if posted.has("remove") {
        workspace
            .remove_job_webhook(&entry.job.name, &principal.actor)
            .await?;
        let back = address(&context, &entry.job.name);
        return Ok(Redirect::to(&format!("{back}#webhook")).into_response());
    }
    let secret = workspace
        .make_job_webhook(&entry.job.name, &principal.actor)
        .await?;
    let path = context
        .links
        .to(WEBHOOKS)
        .segment(secret.expose_secret())
        .anywhere();
    let made = context.app.absolute(&path.to_string(), &context.headers);
    let entry = find(&context, &wanted).await?;
    let title = format!("Webhook of {}", cut(entry.job.name.as_str(), 120));
    Ok(Page::new(&context, title)
        .crumb("Jobs", context.links.to("/jobs"))
        .crumb(
            cut(entry.job.name.as_str(), 120),
            address(&context, &entry.job.name),
        )
        .body(&card(&context, &entry, Some(&made)))
        .into_response())
}
