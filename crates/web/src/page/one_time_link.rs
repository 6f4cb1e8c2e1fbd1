//! `/set-up/{secret}` and `/invite/{secret}`: the first admin, an invited person, and who forgot the password.
//!
//! Looking at a link does not use it up, since chat programs look at links that people send each other.
//! These pages keep the usual `Referrer-Policy: same-origin`: under `no-referrer` browsers send the form
//! with the origin `null`, which is refused as from elsewhere.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tailwater_engine::account::{LinkPurpose, NewSession, NewUser, OneTimeLink, Role};

use crate::client::Visitor;
use crate::context::Context;
use crate::error::Error;
use crate::page::credential::{self, new_password, text_field};
use crate::view::chrome::Page;
use crate::view::form;
use crate::view::time::ago;

/// The form: of a reset only the passwords.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default, deserialize_with = "credential::secret")]
    password: SecretString,
    #[serde(default, deserialize_with = "credential::secret")]
    again: SecretString,
}

/// `GET /set-up/{secret}`
pub async fn get_set_up(context: Context, Path(secret): Path<String>) -> Result<Response, Error> {
    get(&context, "/set-up", &secret).await
}

/// `POST /set-up/{secret}`
pub async fn post_set_up(
    context: Context,
    visitor: Visitor,
    Path(secret): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Response, Error> {
    post(&context, visitor, "/set-up", &secret, answer).await
}

/// `GET /invite/{secret}`
pub async fn get_invite(context: Context, Path(secret): Path<String>) -> Result<Response, Error> {
    get(&context, "/invite", &secret).await
}

/// `POST /invite/{secret}`
pub async fn post_invite(
    context: Context,
    visitor: Visitor,
    Path(secret): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Response, Error> {
    post(&context, visitor, "/invite", &secret, answer).await
}

async fn get(context: &Context, path: &'static str, secret: &str) -> Result<Response, Error> {
    let link = find(context, path, secret).await?;
    let page = draw(context, path, secret, &link, &Answer::default(), None);
    Ok(credential::unkept(page, None))
}

async fn post(
    context: &Context,
    Visitor(client): Visitor,
    path: &'static str,
    secret: &str,
    answer: Answer,
) -> Result<Response, Error> {
    let link = find(context, path, secret).await?;
    let redeemed = redeem(context, &client, secret, &link, &answer).await;
    match redeemed {
        Ok(new) => Ok(credential::signed_in(
            context,
            &new,
            &context.links.to("/").to_string(),
        )),
        Err(error) => {
            let page = draw(context, path, secret, &link, &answer, Some(&error));
            Ok(credential::unkept(page, Some(&error)))
        }
    }
}

async fn redeem(
    context: &Context,
    client: &tailwater_engine::account::Client,
    secret: &str,
    link: &OneTimeLink,
    answer: &Answer,
) -> Result<NewSession, Error> {
    let workspace = context.app.workspace();
    credential::check_again(answer.password.expose_secret(), answer.again.expose_secret())?;
    if let LinkPurpose::Reset { .. } = link.purpose {
        return Ok(workspace
            .redeem_reset_link(secret, &answer.password, client)
            .await?);
    }
    let new = NewUser {
        name: answer.name.clone(),
        display_name: Some(answer.display_name.clone()),
        email: Some(answer.email.clone()),
        password: answer.password.clone(),
        // The link's own role counts.
        role: Role::Viewer,
    };
    Ok(workspace.redeem_one_time_link(secret, new, client).await?)
}

/// The link, when it is good and stands at its own address.
async fn find(context: &Context, path: &str, secret: &str) -> Result<OneTimeLink, Error> {
    let found = context.app.workspace().find_one_time_link(secret).await?;
    let is_here = |link: &OneTimeLink| (link.purpose == LinkPurpose::SetUp) == (path == "/set-up");
    found.filter(is_here).ok_or_else(|| {
        Error::new(StatusCode::GONE, "TW-ACCOUNT-LINK", "this link is no longer good").with_hint(
            "a link is good once and for a limited time: ask for a new one, `tailwater user link` makes it",
        )
    })
}

fn draw(
    context: &Context,
    path: &'static str,
    secret: &str,
    link: &OneTimeLink,
    answer: &Answer,
    refused: Option<&Error>,
) -> Markup {
    let title = match &link.purpose {
        LinkPurpose::SetUp => "Set up Tailwater",
        LinkPurpose::Invite { .. } => "Make your account",
        LinkPurpose::Reset { .. } => "Choose a new password",
    };
    Page::new(context, title).body(&html! {
        @if let Some(error) = refused { (credential::refusal(error)) }
        p { @match &link.purpose {
            LinkPurpose::SetUp => "You are the first here: the account that you make manages all others.",
            LinkPurpose::Invite { role } => { "You are invited as " strong { (role.name()) } "." },
            LinkPurpose::Reset { name, .. } => { "For the user " strong { (name) } ". All other sessions end." },
        } }
        form.card method="post" action=(context.links.to(path).segment(secret).anywhere()) {
            (form::csrf(context))
            @if let LinkPurpose::Reset { name, .. } = &link.purpose {
                // So that password managers know whose it is.
                input type="text" name="name" value=(name) autocomplete="username" hidden;
            } @else {
                (text_field("name", "Name to sign in with", &answer.name, "username", true))
                (text_field("display_name", "What you are called (optional)", &answer.display_name, "name", false))
                (text_field("email", "E-mail address (optional)", &answer.email, "email", false))
            }
            (new_password())
            button.primary type="submit" { "Save and sign in" }
            p.advice { "The link is good once, and ends " (ago(link.expires_at, context.now)) "." }
        }
    })
}
