//! The part of a form that says with what a site is signed in to: a token, or a connected app. Both are shown, since the
//! page works without script; which of them counts, a choice says.

use maud::{Markup, html};
use tailwater_core::credential::{ConnectedApp, CredentialName};

use super::posted::Posted;
use crate::view::form;

/// The value of the choice that means a connected app.
const APP: &str = "connected_app";

/// The fields, with what is known.
pub fn fields(credential: &CredentialName) -> Markup {
    let empty = ConnectedApp::default();
    let app = credential.connected_app().unwrap_or(&empty);
    let chosen = if credential.connected_app().is_some() {
        APP
    } else {
        "token"
    };
    let token = credential.token_name().unwrap_or_default();
    html! {
        (form::choice("credential", "Sign in with", &[("token", "a personal access token"), (APP, "a connected app")], chosen))
        (form::text("token_name", "Token name", token, Some("For a token: as it is called in Tableau; capital letters count.")))
        details open[chosen == APP] {
            summary { "Connected app" }
            p.muted { "An administrator makes one in Tableau under Settings, Connected Apps, with direct trust. It may be used by several programs at once." }
            (form::text("client_id", "Client id", &app.client_id, None))
            (form::text("secret_id", "Secret\u{2019}s id", &app.secret_id, None))
            (form::text("app_user", "User", &app.user, Some("As whom it signs in: the user name in its exact case; on Tableau Cloud the e-mail address.")))
        }
    }
}

/// What a form says, as it was typed.
pub fn typed(posted: &Posted) -> CredentialName {
    let text = |field: &str| posted.text(field).unwrap_or_default().to_owned();
    if posted.get("credential") == Some(APP) {
        CredentialName::ConnectedApp(ConnectedApp {
            client_id: text("client_id"),
            secret_id: text("secret_id"),
            user: text("app_user"),
        })
    } else {
        CredentialName::Token(text("token_name"))
    }
}

/// What a form changes: nothing where it has no such fields, or leaves the present token's name out.
pub fn posted(posted: &Posted, present: &CredentialName) -> Option<CredentialName> {
    let typed = typed(posted);
    let is_left_out = typed.token_name() == Some("") && present.token_name().is_some();
    (!is_left_out).then_some(typed)
}
