//! `POST /theme`: keeps the choice of light or dark in a cookie and goes back.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, http::StatusCode};
use serde::Deserialize;

use crate::app::App;
use crate::context::Context;
use crate::cookie::THEME;
use crate::link::local_or_home;

/// The form.
#[derive(Debug, Deserialize)]
pub struct Choice {
    theme: String,
    next: Option<String>,
}

/// `POST /theme`
pub async fn post(State(app): State<App>, context: Context, Form(choice): Form<Choice>) -> Response {
    let jar = app.cookies();
    let cookie = match choice.theme.as_str() {
        "light" => jar.preference(THEME, "light"),
        "dark" => jar.preference(THEME, "dark"),
        _ => jar.forget(THEME),
    };
    let cookie = [(SET_COOKIE, cookie)];
    if context.is_fragment {
        return (StatusCode::NO_CONTENT, cookie).into_response();
    }
    let back = local_or_home(&app.links(), choice.next.as_deref());
    (cookie, Redirect::to(&back)).into_response()
}
