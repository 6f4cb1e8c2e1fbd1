//! `/models/{id}/code`: as its authors wrote it, and as dbt sent it to the warehouse.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_engine::catalog::Catalog;
use tailwater_engine::dbt::NodeCode;

use super::subject::{Subject, Tab};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::empty;
use crate::view::name::cut;
use crate::view::readiness;

/// Longer code is cut on the page, in characters; as a file it is whole.
const LONGEST: usize = 200_000;

/// `GET /models/{id}/code`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let code = load(&context, &catalog, &id).await?;
    let wanted = match context.parameter("format").as_deref() {
        None | Some("" | "html") => {
            let body = code.as_ref().map_or_else(nothing, shown);
            return Ok(subject.page(Tab::Code, &body).into_response());
        }
        Some("raw") => code.and_then(|code| code.raw),
        Some("compiled") => code.and_then(|code| code.compiled),
        Some(other) => {
            return Err(
                Error::bad_request(format!("there is no format `{}`", cut(other, 40)))
                    .with_hint("the formats are `html`, `raw` and `compiled`"),
            );
        }
    };
    let text = wanted.ok_or_else(|| Error::not_found("code of", &id))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The code, read from the manifest.
pub async fn load(context: &Context, catalog: &Catalog, id: &str) -> Result<Option<NodeCode>, Error> {
    Ok(context.app.workspace().node_code(catalog, id).await?)
}

fn nothing() -> Markup {
    empty(
        "The manifest holds no code of it.",
        &html! { p { "dbt writes it there whenever it parses the project:" } (readiness::command("dbt compile")) },
    )
}

/// Both texts, those that there are.
pub fn shown(code: &NodeCode) -> Markup {
    html! {
        @if let Some(raw) = &code.raw { (block("raw", &format!("Source ({})", code.language), raw, true)) }
        @match &code.compiled {
            Some(compiled) => (block("compiled", "Compiled", compiled, code.raw.is_none())),
            None => p.muted { "It is not compiled in this manifest." },
        }
    }
}

/// One text under its title, with a button that copies it whole.
pub fn block(id: &str, title: &str, text: &str, is_open: bool) -> Markup {
    let shown = cut(text.trim_matches('\n'), LONGEST);
    html! {
        details.card open[is_open] {
            summary { strong { (title) } " " span.muted { (text.lines().count()) " lines" } }
            p.row { button type="button" data-copy-from=(id) { "Copy" } a href={ "?format=" (id) } { "As a file" } }
            pre tabindex="0" role="region" aria-label=(title) { code id=(id) { (shown) } }
        }
    }
}
