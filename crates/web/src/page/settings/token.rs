//! `/settings/tokens`: what programs sign in with. People see their own, admins all.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tailwater_engine::account::{ApiToken, ApiTokenId, NewApiToken, Role};

use super::user::read_role;
use super::{done, frame};
use crate::context::Context;
use crate::error::Error;
use crate::page::credential::{shown_once, text_field, unkept};
use crate::principal::Principal;
use crate::view::chrome::{card, empty};
use crate::view::form;
use crate::view::time::{ago, ago_or_dash};

const HERE: &str = "/settings/tokens";

/// How long a token may live: days in the form, and in words. Nothing is for ever.
const LIVES: [(&str, &str); 4] = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    ("", "Until it is revoked"),
];

/// A token to make.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    name: String,
    role: String,
    #[serde(default)]
    days: String,
}

/// `GET /settings/tokens`
pub async fn get(context: Context, principal: Principal) -> Result<Response, Error> {
    let page = draw(&context, &principal, None).await?;
    Ok(page.into_response())
}

/// `POST /settings/tokens`
pub async fn post(
    context: Context,
    principal: Principal,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Error> {
    let expires_at = match wanted.days.as_str() {
        "" => None,
        days => {
            let days: u16 = days
                .parse()
                .map_err(|_| Error::bad_request("the token's life is not told in days"))?;
            Some(context.now + TimeDelta::days(i64::from(days)))
        }
    };
    let new = NewApiToken {
        name: wanted.name,
        role: read_role(&wanted.role)?,
        expires_at,
    };
    let workspace = context.app.workspace();
    let (text, token) = workspace.create_api_token(new, &principal.actor).await?;
    let title = format!("The token {}:", token.name);
    let advice = "Put it where the program finds its secrets; it sends it as Authorization: Bearer twt_….";
    let news = shown_once(&title, text.expose_secret(), advice);
    let page = draw(&context, &principal, Some(&news)).await?;
    Ok(unkept(page, None))
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Redirect, Error> {
    let parsed: ApiTokenId = id.parse().map_err(|_| Error::not_found("token", &id))?;
    context
        .app
        .workspace()
        .revoke_api_token(parsed, &principal.actor)
        .await?;
    Ok(Redirect::to(
        &context.links.to(HERE).query("done", "revoked").to_string(),
    ))
}

async fn draw(context: &Context, principal: &Principal, news: Option<&Markup>) -> Result<Markup, Error> {
    let mut tokens = context.app.workspace().api_tokens().await?;
    if !principal.may(Role::Admin) {
        let own = principal.actor.user_id();
        tokens.retain(|token| own.is_some() && token.made_by_id == own);
    }
    let roles = Role::ALL.into_iter().filter(|role| principal.may(*role));
    let roles: Vec<_> = roles.map(|role| (role.name(), role.name())).collect();
    Ok(frame(
        context,
        HERE,
        &html! {
            (done(context, &[("revoked", "The token is revoked.")]))
            @if let Some(news) = news { (news) }
            @if tokens.is_empty() {
                (empty("There is no token.", &html! { p { "A token lets a program in, such as the CI job that brings dbt's artifacts." } }))
            } @else {
                (table(context, &tokens))
            }
            (card("Make a token", &html! {
                form method="post" action=(context.links.to(HERE).anywhere()) {
                    (form::csrf(context))
                    (text_field("name", "What it is for", "", "off", true))
                    (form::choice("role", "What the program may do", &roles, Role::Viewer.name()))
                    (form::choice("days", "How long it is good", &LIVES, "90"))
                    button.primary type="submit" { "Make the token" }
                    p.advice { "It may never do more than you may." }
                }
            }))
        },
    ))
}

fn table(context: &Context, tokens: &[ApiToken]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Tokens" {
            table.list {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Ends in" } th scope="col" { "Role" } th scope="col" { "Made by" }
                    th scope="col" { "Made" } th scope="col" { "Last used" } th scope="col" { "Expires" } th scope="col" { "Act" }
                } }
                tbody { @for token in tokens { tr {
                    th scope="row" { (token.name) }
                    td { code { "…" (token.ending) } }
                    td { (token.role.name()) }
                    td { (token.made_by.as_deref().unwrap_or("command line")) }
                    td { (ago(token.created_at, context.now)) }
                    td { (ago_or_dash(token.last_used_at, context.now)) }
                    td { @match token.expires_at {
                        None => "never",
                        Some(end) => { @if token.is_expired(context.now) { span.error { "expired " } } (ago(end, context.now)) },
                    } }
                    td {
                        form method="post" action=(context.links.to(HERE).segment(&token.id.to_string()).then("/revoke").anywhere()) {
                            (form::csrf(context))
                            button.plain type="submit" aria-label={ "Revoke " (token.name) } { "Revoke" }
                        }
                    }
                } } }
            }
        }
    }
}
