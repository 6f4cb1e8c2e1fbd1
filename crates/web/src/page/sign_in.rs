//! `/sign-in` and `/sign-out`.

use axum::Form;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

use crate::client::Visitor;
use crate::context::Context;
use crate::cookie;
use crate::error::Error;
use crate::link::local_or_home;
use crate::page::credential::{self, present_password, text_field};
use crate::principal::Proof;
use crate::view::chrome::Page;
use crate::view::form;

/// The form.
#[derive(Debug, Deserialize)]
pub struct Attempt {
    name: String,
    #[serde(deserialize_with = "credential::secret")]
    password: SecretString,
    next: Option<String>,
}

/// `GET /sign-in`
pub async fn get(context: Context) -> Result<Response, Error> {
    let next = context.parameter("next");
    if context.principal.is_some() {
        return Ok(Redirect::to(&local_or_home(&context.links, next.as_deref())).into_response());
    }
    let has_users = context.app.workspace().has_users().await?;
    let page = draw(&context, "", next.as_deref(), has_users, None);
    Ok(credential::unkept(page, None))
}

/// `POST /sign-in`
pub async fn post(context: Context, Visitor(client): Visitor, Form(attempt): Form<Attempt>) -> Response {
    let workspace = context.app.workspace();
    let next = attempt.next.as_deref();
    match workspace.sign_in(&attempt.name, &attempt.password, &client).await {
        Ok(new) => {
            // Whoever was signed in here before is not any more.
            if let Err(error) = end_present(&context).await {
                tracing::warn!(code = error.code, "could not end the session before");
            }
            credential::signed_in(&context, &new, &local_or_home(&context.links, next))
        }
        Err(error) => {
            let error = Error::from(error);
            let page = draw(&context, &attempt.name, next, true, Some(&error));
            credential::unkept(page, Some(&error))
        }
    }
}

/// `POST /sign-out`
pub async fn sign_out(context: Context) -> Result<Response, Error> {
    end_present(&context).await?;
    let cookie = context.app.cookies().forget(cookie::SESSION);
    let to = context.links.to("/sign-in").anywhere().to_string();
    Ok(([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
}

async fn end_present(context: &Context) -> Result<(), Error> {
    let is_session = context
        .principal
        .as_ref()
        .is_some_and(|principal| matches!(principal.proof, Proof::Session { .. }));
    let Some(secret) = cookie::find(&context.headers, cookie::SESSION).filter(|_| is_session) else {
        return Ok(());
    };
    let workspace = context.app.workspace();
    if let Some(session) = workspace.find_session(&secret).await? {
        workspace.end_session(&session.user, session.id).await?;
    }
    Ok(())
}

fn draw(
    context: &Context,
    name: &str,
    next: Option<&str>,
    has_users: bool,
    refused: Option<&Error>,
) -> Markup {
    Page::new(context, "Sign in").body(&html! {
        @if let Some(error) = refused { (credential::refusal(error)) }
        @if !has_users {
            div.notice.info role="note" {
                p { "There is no user yet. Open the one-time link that " code { "tailwater serve" } " printed, or make "
                    "another one with " code { "tailwater user link" } "." }
            }
        }
        form.card method="post" action=(context.links.to("/sign-in").anywhere()) {
            (form::csrf(context))
            @if let Some(next) = next { input type="hidden" name="next" value=(next); }
            (text_field("name", "Name", name, "username", true))
            (present_password("password", "Password"))
            button.primary type="submit" { "Sign in" }
            p.advice { "Forgotten? An admin can make a link with which you choose a new password." }
        }
    })
}
