//! `/`: what there is, what needs attention.

use axum::response::{IntoResponse, Response};
use maud::html;

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::Page;
use crate::view::number::grouped;

/// `GET /`
pub async fn get(context: Context) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let exposures = catalog.exposures().len() as u64;
    Ok(Page::new(&context, "Home")
        .body(&html! { p { (grouped(exposures)) " exposures" } })
        .into_response())
}
