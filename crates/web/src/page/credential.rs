//! What the pages of signing in have in common: their fields, what they answer, and a secret shown once.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tailwater_engine::account::{LONGEST_DAYS, NewSession, SHORTEST_PASSWORD};

use crate::context::Context;
use crate::error::Error;

/// Reads a field of a form that nothing shows again.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// A box for a name or an address, of which the browser may know what belongs there (`autocomplete`).
pub fn text_field(name: &str, label: &str, value: &str, autocomplete: &str, is_required: bool) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) type="text" autocomplete=(autocomplete) autocapitalize="none"
                spellcheck="false" maxlength="254" required[is_required];
        }
    }
}

/// A box for the password that one has.
pub fn present_password(name: &str, label: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete="current-password" maxlength="1000" required;
        }
    }
}

/// Two boxes for a new password.
pub fn new_password() -> Markup {
    html! {
        div.field {
            label for="password" { "New password" }
            input #password name="password" type="password" autocomplete="new-password" minlength=(SHORTEST_PASSWORD)
                maxlength="1000" aria-describedby="password-advice" required;
            p.advice id="password-advice" {
                (SHORTEST_PASSWORD) " characters or more. Several words that do not belong together do well."
            }
        }
        div.field {
            label for="again" { "The same again" }
            input #again name="again" type="password" autocomplete="new-password" maxlength="1000" required;
        }
    }
}

/// Refuses a new password that was typed differently the second time.
pub fn check_again(password: &str, again: &str) -> Result<(), Error> {
    if password == again {
        Ok(())
    } else {
        Err(Error::bad_request("the two passwords differ").with_hint("type the new password twice"))
    }
}

/// Keeps a new session in the browser's cookie and sends the visitor on.
pub fn signed_in(context: &Context, new: &NewSession, to: &str) -> Response {
    let cookie = context
        .app
        .cookies()
        .session(new.secret.expose_secret(), LONGEST_DAYS);
    ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// A page that holds a secret, or that was refused: no cache may keep it.
pub fn unkept(page: Markup, refused: Option<&Error>) -> Response {
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(error) = refused {
        if let Some(seconds) = error.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        *response.status_mut() = error.status;
    }
    response
}

/// What was refused, above the form that can be sent again.
pub fn refusal(error: &Error) -> Markup {
    html! {
        div.notice.degraded role="alert" {
            p { (error.message) }
            @if let Some(hint) = &error.hint { p.hint { (hint) } }
        }
    }
}

/// A secret that is shown this once.
pub fn shown_once(title: &str, secret: &str, advice: &str) -> Markup {
    html! {
        div.notice.healthy role="status" {
            p { strong { (title) } }
            pre tabindex="0" { code { (secret) } }
            p.hint { (advice) " It is shown this once." }
        }
    }
}
