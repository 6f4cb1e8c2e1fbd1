//! `/settings/…`: one's own account, tokens, projects, and for admins users, the audit log and what is kept.

pub mod account;
pub mod audit;
pub mod project;
pub mod refresh;
pub mod retention;
pub mod token;
pub mod user;

use axum::response::Redirect;
use maud::{Markup, html};
use tailwater_engine::account::Role;

use crate::context::Context;
use crate::view::chrome::{Page, tabs};

/// The pages: title, address, who may see it.
const PAGES: [(&str, &str, Role); 7] = [
    ("Account", "/settings/account", Role::Viewer),
    ("Tokens", "/settings/tokens", Role::Viewer),
    ("Projects", "/settings/projects", Role::Viewer),
    ("Refreshing", "/settings/refresh", Role::Viewer),
    ("Users", "/settings/users", Role::Admin),
    ("Audit log", "/settings/audit", Role::Admin),
    ("Retention", "/settings/retention", Role::Admin),
];

/// `GET /settings`
pub async fn get(context: Context) -> Redirect {
    let page = if context.may(Role::Admin) {
        "/settings/users"
    } else {
        "/settings/account"
    };
    Redirect::to(&context.links.to(page).to_string())
}

/// A page of the settings under its tabs.
fn frame(context: &Context, here: &'static str, body: &Markup) -> Markup {
    let pages = PAGES.iter().filter(|(_, _, role)| context.may(*role));
    let shown: Vec<_> = pages
        .map(|(title, path, _)| (*title, context.links.to(path), *path == here))
        .collect();
    let title = PAGES.iter().find(|(_, path, _)| *path == here);
    let title = title.map_or("Settings", |(title, _, _)| title);
    Page::new(context, title).body(&html! {
        (tabs("Settings", &shown))
        (body)
    })
}

/// What was done, told on the page to which a form leads.
fn done(context: &Context, words: &[(&str, &'static str)]) -> Markup {
    let done = context.parameter("done");
    let text = words
        .iter()
        .find(|(word, _)| Some(*word) == done.as_deref())
        .map(|(_, text)| *text);
    html! {
        @if let Some(text) = text { div.notice.healthy role="status" { p { (text) } } }
    }
}
