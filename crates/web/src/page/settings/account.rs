//! `/settings/account`: one's own name, password, sessions and preferences.

use axum::Form;
use axum::extract::Path;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tailwater_engine::account::{Session, SessionEntry, SessionId, User};

use super::{done, frame};
use crate::context::{Context, Theme};
use crate::cookie;
use crate::error::Error;
use crate::page::credential::{self, new_password, present_password, text_field};
use crate::view::chrome::card;
use crate::view::form;
use crate::view::time::{ago, ago_or_dash};

const HERE: &str = "/settings/account";

const DONE: [(&str, &str); 5] = [
    ("profile", "Saved."),
    (
        "password",
        "Your password is changed. All your other sessions have ended.",
    ),
    ("session", "The session has ended."),
    ("sessions", "All your other sessions have ended."),
    ("shortcuts", "Saved."),
];

/// What the person is called.
#[derive(Debug, Deserialize)]
pub struct Profile {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
}

/// A new password, with the present one.
#[derive(Debug, Deserialize)]
pub struct NewPassword {
    #[serde(deserialize_with = "credential::secret")]
    present: SecretString,
    #[serde(deserialize_with = "credential::secret")]
    password: SecretString,
    #[serde(deserialize_with = "credential::secret")]
    again: SecretString,
}

/// Whether single keys do something.
#[derive(Debug, Deserialize)]
pub struct Shortcuts {
    shortcuts: String,
}

/// `GET /settings/account`
pub async fn get(context: Context) -> Result<Response, Error> {
    let page = draw(&context, None).await?;
    Ok(page.into_response())
}

/// `POST /settings/account/profile`
pub async fn post_profile(context: Context, Form(profile): Form<Profile>) -> Result<Response, Error> {
    let session = own_session(&context).await?;
    let workspace = context.app.workspace();
    let changed = workspace
        .set_user_profile(
            &session.user.name,
            Some(&profile.display_name),
            Some(&profile.email),
            &session.user.to_actor(),
        )
        .await;
    answer(&context, "profile", changed.map(|_| ()).map_err(Error::from)).await
}

/// `POST /settings/account/password`
pub async fn post_password(context: Context, Form(new): Form<NewPassword>) -> Result<Response, Error> {
    let session = own_session(&context).await?;
    let changed = change_password(&context, &session, &new).await;
    answer(&context, "password", changed).await
}

async fn change_password(context: &Context, session: &Session, new: &NewPassword) -> Result<(), Error> {
    credential::check_again(new.password.expose_secret(), new.again.expose_secret())?;
    let workspace = context.app.workspace();
    Ok(workspace
        .change_own_password(session, &new.present, &new.password)
        .await?)
}

/// `POST /settings/account/sessions/{id}/end`
pub async fn end_session(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let session = own_session(&context).await?;
    let unknown = || Error::not_found("session", &id);
    let parsed: SessionId = id.parse().map_err(|_| unknown())?;
    let was_there = context.app.workspace().end_session(&session.user, parsed).await?;
    if was_there {
        answer(&context, "session", Ok(())).await
    } else {
        Err(unknown())
    }
}

/// `POST /settings/account/sessions/end-others`
pub async fn end_other_sessions(context: Context) -> Result<Response, Error> {
    let session = own_session(&context).await?;
    let actor = session.user.to_actor();
    let workspace = context.app.workspace();
    workspace
        .end_sessions_of(&session.user, Some(session.id), &actor)
        .await?;
    answer(&context, "sessions", Ok(())).await
}

/// `POST /settings/account/shortcuts`
pub async fn post_shortcuts(context: Context, Form(choice): Form<Shortcuts>) -> Response {
    let jar = context.app.cookies();
    let cookie = match choice.shortcuts.as_str() {
        "off" => jar.preference(cookie::SHORTCUTS, "off"),
        _ => jar.forget(cookie::SHORTCUTS),
    };
    let to = context.links.to(HERE).query("done", "shortcuts").to_string();
    ([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}

/// Leads back to the page, or shows it with what was refused.
async fn answer(context: &Context, word: &str, outcome: Result<(), Error>) -> Result<Response, Error> {
    match outcome {
        Ok(()) => {
            let to = context.links.to(HERE).query("done", word).to_string();
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let page = draw(context, Some(&error)).await?;
            Ok(credential::unkept(page, Some(&error)))
        }
    }
}

/// The session of who looks. Programs and local users have none.
async fn own_session(context: &Context) -> Result<Session, Error> {
    find_own_session(context).await?.ok_or_else(|| {
        Error::bad_request("only who signed in with name and password has an account here")
            .with_hint("sign in first")
    })
}

async fn find_own_session(context: &Context) -> Result<Option<Session>, Error> {
    // A token in the header counts before a cookie.
    let is_user = context
        .principal
        .as_ref()
        .is_some_and(|principal| principal.actor.user_id().is_some());
    match cookie::find(&context.headers, cookie::SESSION).filter(|_| is_user) {
        Some(secret) => Ok(context.app.workspace().find_session(&secret).await?),
        None => Ok(None),
    }
}

async fn draw(context: &Context, refused: Option<&Error>) -> Result<Markup, Error> {
    let own = match find_own_session(context).await? {
        Some(session) => {
            let sessions = context.app.workspace().sessions_of(session.user.id).await?;
            Some((session, sessions))
        }
        None => None,
    };
    Ok(frame(
        context,
        HERE,
        &html! {
            (done(context, &DONE))
            @if let Some(error) = refused { (credential::refusal(error)) }
            @if let Some((session, sessions)) = &own {
                div.halves {
                    div { (profile(context, &session.user)) (preferences(context)) }
                    div { (password(context, &session.user)) }
                }
                (own_sessions(context, session, sessions))
            } @else {
                div.notice.info role="note" { p { "You did not sign in with name and password, so there is no account to change here." } }
                (preferences(context))
            }
        },
    ))
}

fn profile(context: &Context, user: &User) -> Markup {
    let action = context.links.to("/settings/account/profile").anywhere();
    card(
        "You",
        &html! {
            dl.facts {
                dt { "Name" } dd { (user.name) }
                dt { "Role" } dd { (user.role.name()) }
                dt { "Since" } dd { (ago(user.created_at, context.now)) }
                dt { "Last sign-in" } dd { (ago_or_dash(user.last_signed_in_at, context.now)) }
            }
            form method="post" action=(action) {
                (form::csrf(context))
                (text_field("display_name", "What you are called", user.display_name.as_deref().unwrap_or_default(), "name", false))
                (text_field("email", "E-mail address", user.email.as_deref().unwrap_or_default(), "email", false))
                button type="submit" { "Save" }
            }
        },
    )
}

fn password(context: &Context, user: &User) -> Markup {
    let action = context.links.to("/settings/account/password").anywhere();
    card(
        "Password",
        &html! {
            form method="post" action=(action) {
                (form::csrf(context))
                // So that password managers know whose it is.
                input type="text" name="name" value=(user.name) autocomplete="username" hidden;
                (present_password("present", "Present password"))
                (new_password())
                button type="submit" { "Change the password" }
                p.advice { "All your other sessions end." }
            }
        },
    )
}

fn preferences(context: &Context) -> Markup {
    let themes = [
        (Theme::System, "As the system"),
        (Theme::Light, "Light"),
        (Theme::Dark, "Dark"),
    ];
    let themes = themes.map(|(theme, title)| (theme.name(), title));
    let here = context.links.to(HERE).to_string();
    let shortcuts = [("on", "On"), ("off", "Off")];
    let chosen = if context.has_shortcuts { "on" } else { "off" };
    card(
        "This browser",
        &html! {
            form method="post" action=(context.links.to("/theme").anywhere()) {
                (form::csrf(context))
                input type="hidden" name="next" value=(here);
                (form::choice("theme", "Theme", &themes, context.theme.name()))
                button type="submit" { "Save the theme" }
            }
            hr;
            form method="post" action=(context.links.to("/settings/account/shortcuts").anywhere()) {
                (form::csrf(context))
                (form::choice("shortcuts", "Shortcuts of a single key", &shortcuts, chosen))
                button type="submit" { "Save the shortcuts" }
                p.advice { "Such as " kbd { "/" } " for the search. Who speaks to the computer is better off without." }
            }
        },
    )
}

fn own_sessions(context: &Context, own: &Session, sessions: &[SessionEntry]) -> Markup {
    card(
        "Where you are signed in",
        &html! {
            div.scroll tabindex="0" role="region" aria-label="Sessions" {
                table {
                    thead { tr {
                        th scope="col" { "Browser" } th scope="col" { "Address" } th scope="col" { "Began" }
                        th scope="col" { "Last used" } th scope="col" { span.hidden { "Act" } }
                    } }
                    tbody { @for session in sessions { tr {
                        td { (session.agent.as_deref().unwrap_or("unknown")) }
                        td { (session.address.as_deref().unwrap_or("unknown")) }
                        td { (ago(session.created_at, context.now)) }
                        td { (ago(session.last_seen_at, context.now)) }
                        td { @if session.id == own.id { "this one" } @else {
                            form method="post" action=(context.links.to("/settings/account/sessions").segment(&session.id.to_string()).then("/end").anywhere()) {
                                (form::csrf(context))
                                button.plain type="submit" { "End" }
                            }
                        } }
                    } } }
                }
            }
            @if sessions.len() > 1 {
                form method="post" action=(context.links.to("/settings/account/sessions/end-others").anywhere()) {
                    (form::csrf(context))
                    button type="submit" { "End all others" }
                }
            }
        },
    )
}
