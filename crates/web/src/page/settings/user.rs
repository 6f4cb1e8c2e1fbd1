//! `/settings/users`: who may sign in, for admins.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tailwater_engine::account::{INVITE_HOURS, Role, SET_UP_HOURS, User};

use super::{done, frame};
use crate::context::Context;
use crate::error::Error;
use crate::page::credential::{shown_once, unkept};
use crate::principal::Principal;
use crate::view::chrome::{card, empty};
use crate::view::form;
use crate::view::time::ago_or_dash;

const HERE: &str = "/settings/users";

const DONE: [(&str, &str); 4] = [
    ("role", "The role is changed, from the next request on."),
    (
        "disabled",
        "The user cannot sign in any more. All sessions and tokens of the user have stopped.",
    ),
    ("enabled", "The user can sign in again."),
    ("removed", "The user is removed."),
];

/// A role to give.
#[derive(Debug, Deserialize)]
pub struct Given {
    role: String,
}

/// Whether sign-in is refused.
#[derive(Debug, Deserialize)]
pub struct State {
    state: String,
}

/// `GET /settings/users`
pub async fn get(context: Context) -> Result<Response, Error> {
    let page = draw(&context, None).await?;
    Ok(page.into_response())
}

/// `POST /settings/users/invite`
pub async fn invite(
    context: Context,
    principal: Principal,
    Form(given): Form<Given>,
) -> Result<Response, Error> {
    let role = read_role(&given.role)?;
    let workspace = context.app.workspace();
    let secret = workspace.invite_link(role, &principal.actor).await?;
    let title = format!("Send this link to the person who shall be {role}:");
    show_link(&context, &title, &secret, INVITE_HOURS).await
}

/// `POST /settings/users/{name}/link`
pub async fn link(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let workspace = context.app.workspace();
    let secret = workspace.reset_link(&name, &principal.actor).await?;
    let title = format!("Send this link to {name}, who can choose a new password with it:");
    show_link(&context, &title, &secret, SET_UP_HOURS).await
}

/// `POST /settings/users/{name}/role`
pub async fn set_role(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
    Form(given): Form<Given>,
) -> Result<Redirect, Error> {
    let role = read_role(&given.role)?;
    let workspace = context.app.workspace();
    workspace.set_user_role(&name, role, &principal.actor).await?;
    Ok(back(&context, "role"))
}

/// `POST /settings/users/{name}/state`
pub async fn set_state(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
    Form(state): Form<State>,
) -> Result<Redirect, Error> {
    let (is_disabled, word) = match state.state.as_str() {
        "disabled" => (true, "disabled"),
        "enabled" => (false, "enabled"),
        other => return Err(Error::bad_request(format!("there is no state `{other}`"))),
    };
    let workspace = context.app.workspace();
    workspace
        .set_user_disabled(&name, is_disabled, &principal.actor)
        .await?;
    Ok(back(&context, word))
}

/// `POST /settings/users/{name}/remove`
pub async fn remove(
    context: Context,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<Redirect, Error> {
    context
        .app
        .workspace()
        .remove_user(&name, &principal.actor)
        .await?;
    Ok(back(&context, "removed"))
}

fn back(context: &Context, word: &str) -> Redirect {
    Redirect::to(&context.links.to(HERE).query("done", word).to_string())
}

/// Reads the name of a role that a form sends.
pub(super) fn read_role(name: &str) -> Result<Role, Error> {
    let unknown = || Error::bad_request(format!("there is no role `{name}`"));
    Role::from_name(name).ok_or_else(unknown)
}

async fn show_link(
    context: &Context,
    title: &str,
    secret: &SecretString,
    hours: i64,
) -> Result<Response, Error> {
    let path = context
        .links
        .to("/invite")
        .segment(secret.expose_secret())
        .anywhere();
    let address = context.app.absolute(&path.to_string(), &context.headers);
    let advice = format!("Whoever opens it first gets in. It is good once, within {hours} hours.");
    let page = draw(context, Some(&shown_once(title, &address, &advice))).await?;
    Ok(unkept(page, None))
}

async fn draw(context: &Context, news: Option<&Markup>) -> Result<Markup, Error> {
    let users = context.app.workspace().users().await?;
    let roles = Role::ALL.map(|role| (role.name(), role.name()));
    Ok(frame(
        context,
        HERE,
        &html! {
            (done(context, &DONE))
            @if let Some(news) = news { (news) }
            @if users.is_empty() {
                (empty("There is no user yet.", &html! { p { "Invite the first, or run " code { "tailwater user add" } "." } }))
            } @else {
                (table(context, &users))
            }
            (card("Invite somebody", &html! {
                form method="post" action=(context.links.to("/settings/users/invite").anywhere()) {
                    (form::csrf(context))
                    (form::choice("role", "Role", &roles, Role::Viewer.name()))
                    button.primary type="submit" { "Make a link" }
                    p.advice { "The person chooses name and password. A viewer reads; an operator also syncs, maps and curates; "
                        "an admin also manages integrations, users and tokens." }
                }
            }))
        },
    ))
}

fn table(context: &Context, users: &[User]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Users" {
            table.list {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "E-mail" } th scope="col" { "Last sign-in" }
                    th scope="col" { "Role" } th scope="col" { "State" } th scope="col" { "Acts" }
                } }
                tbody { @for user in users { (row(context, user)) } }
            }
        }
    }
}

fn row(context: &Context, user: &User) -> Markup {
    let to = |act: &'static str| {
        let address = context.links.to(HERE).segment(&user.name);
        address.then(act).anywhere()
    };
    let (state, next, act) = if user.is_disabled {
        ("disabled", "enabled", "Enable")
    } else {
        ("enabled", "disabled", "Disable")
    };
    html! {
        tr {
            th scope="row" { (user.name) @if let Some(called) = &user.display_name { br; span.muted { (called) } } }
            td { (user.email.as_deref().unwrap_or("–")) }
            td { (ago_or_dash(user.last_signed_in_at, context.now)) }
            td {
                form.row method="post" action=(to("/role")) {
                    (form::csrf(context))
                    select name="role" aria-label={ "Role of " (user.name) } {
                        @for role in Role::ALL { option value=(role.name()) selected[role == user.role] { (role.name()) } }
                    }
                    button type="submit" aria-label={ "Save the role of " (user.name) } { "Save" }
                }
            }
            td { (state) }
            td {
                div.row {
                    form method="post" action=(to("/state")) {
                        (form::csrf(context))
                        button.plain type="submit" name="state" value=(next) aria-label={ (act) " " (user.name) } { (act) }
                    }
                    form method="post" action=(to("/link")) {
                        (form::csrf(context))
                        button.plain type="submit" aria-label={ "Link for a new password of " (user.name) } { "New password" }
                    }
                    details {
                        summary { "Remove" span.hidden { " " (user.name) } "…" }
                        form method="post" action=(to("/remove")) {
                            (form::csrf(context))
                            p { "Sessions and tokens of " (user.name) " end at once." }
                            button.danger type="submit" { "Remove " (user.name) }
                        }
                    }
                }
            }
        }
    }
}
