//! Errors as pages and as parts of pages: what failed, why, what to do, and the request's id.

use maud::{Markup, html};

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::Page;

/// A whole page.
pub fn page(context: &Context, error: &Error, request_id: &str) -> Markup {
    let title = match error.status.as_u16() {
        404 => "Not found",
        401 => "Sign in first",
        403 => "Not permitted",
        429 => "Too many requests",
        500..=599 => "Something went wrong",
        _ => "That did not work",
    };
    Page::new(context, title).body(&html! {
        (text(error, request_id))
        p { a href=(context.links.to("/")) { "Go to the home page" } }
        @if error.status.as_u16() == 404 {
            form action=(context.links.to("/search").anywhere()) method="get" {
                label for="again" { "Search the catalog" } " "
                input #again type="search" name="q"; " " button type="submit" { "Search" }
            }
        }
    })
}

/// In place of the part that was asked for.
pub fn fragment(error: &Error, request_id: &str) -> Markup {
    text(error, request_id)
}

fn text(error: &Error, request_id: &str) -> Markup {
    html! {
        div.notice.degraded role="alert" {
            p { (error.message) }
            @if let Some(hint) = &error.hint { p.hint { (hint) } }
            p.muted { code { (error.code) } " · request " code { (request_id) } }
        }
    }
}
