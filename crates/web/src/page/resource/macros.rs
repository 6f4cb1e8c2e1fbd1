//! `/macros/{id}`: a macro with its arguments.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{Page, card};
use crate::view::name::{cut, name};
use crate::view::{glyph, markdown};

/// `GET /macros/{id}`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let known = catalog
        .find_macro(&id)
        .ok_or_else(|| Error::not_found("macro", &id))?;
    let code = super::code::load(&context, &catalog, &id).await?;
    if let Some(format) = context
        .parameter("format")
        .filter(|format| !matches!(format.as_str(), "" | "html"))
    {
        let raw = code.and_then(|code| code.raw).filter(|_| format == "raw");
        let raw =
            raw.ok_or_else(|| Error::bad_request("a macro has no other format than `html` and `raw`"))?;
        return Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], raw).into_response());
    }
    let page = Page::new(&context, cut(&known.name, 300))
        .crumb("Macros", context.links.to("/macros"))
        .crumb(
            cut(&known.package, 80).into_owned(),
            context.links.to("/macros").query("package", &known.package),
        )
        .heading(html! { (glyph::glyph("macro")) bdi { (cut(&known.name, 300)) } });
    let body = html! {
        div.columns {
            div {
                section.card {
                    h2 { "Description" }
                    @match known.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                        Some(text) => (markdown::render(text)),
                        None => p.muted { "Nobody has described it yet." },
                    }
                }
                @if !known.arguments.is_empty() {
                    (card("Arguments", &html! {
                        table {
                            thead { tr { th { "Name" } th { "Type" } th { "Description" } } }
                            tbody { @for argument in &known.arguments { tr {
                                td { code { (name(&argument.name)) } }
                                td { @if let Some(kind) = &argument.kind { (name(kind)) } }
                                td { @if let Some(text) = &argument.description { (markdown::render(text)) } }
                            } } }
                        }
                    }))
                }
                @if let Some(raw) = code.as_ref().and_then(|code| code.raw.as_deref()) { (super::code::block("raw", "Source", raw, true)) }
            }
            section.card {
                h2.hidden { "Facts" }
                dl.facts {
                    dt { "Package" } dd { (name(&known.package)) }
                    dt { "File" } dd { code { (cut(&known.path, 400)) } }
                    dt { "Id" } dd { code { (known.unique_id) } }
                }
            }
        }
    };
    Ok(page.body(&body).into_response())
}
