//! `/exposures/{id}`: what a dashboard stands on, how good that is, and what is known of it.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tailwater_core::health::Refresh;

use super::evidence;
use super::fact::facts;
use super::form;
use super::subject::{Found, Subject, Tab, catalog, left_out_page, refresh_tone};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::card;
use crate::view::name::{cut, name};
use crate::view::number::grouped;
use crate::view::reason::phrases;
use crate::view::time::ago_or_dash;
use crate::view::{badge, glyph, lineage, markdown, reason};

/// `GET /exposures/{id}`
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let subject = match Subject::look_up(&context, &catalog, &id)? {
        Found::Here(subject) => subject,
        Found::LeftOut(left_out) => return Ok(left_out_page(&context, left_out).into_response()),
    };
    let tile = tile_address(&subject).await?;
    Ok(subject
        .page(Tab::General, &body(&subject, tile.as_deref()))
        .into_response())
}

/// Where the tile of the exposure is served, with its signature. Only dashboards have one, as in dbt.
async fn tile_address(subject: &Subject<'_>) -> Result<Option<String>, Error> {
    if subject.is_gone() || subject.exposure.kind != "dashboard" {
        return Ok(None);
    }
    let context = subject.context;
    let signature = context
        .app
        .workspace()
        .sign_tile(&subject.exposure.unique_id)
        .await?;
    let address = context
        .links
        .tile(&subject.exposure.unique_id, &signature)
        .to_string();
    Ok(Some(context.app.absolute(&address, &context.headers)))
}

fn body(subject: &Subject<'_>, tile: Option<&str>) -> Markup {
    let Subject {
        context,
        catalog,
        exposure,
        ..
    } = *subject;
    html! {
        div.columns {
            div {
                @if let Some(node) = subject.node() { (card("Lineage", &lineage::small(context, catalog, node))) }
                @if !subject.is_gone() { (health(subject)) }
                (evidence::links(subject))
                (evidence::gaps(subject))
                (evidence::undone(subject))
                section.card {
                    h2 { "Description" }
                    @match exposure.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                        Some(text) => (markdown::render(text)),
                        None => p.muted { "Nobody has described it yet." },
                    }
                }
            }
            div {
                section.card { h2.hidden { "Facts" } (facts(subject)) }
                @if subject.may_be_curated() { (form::curation(subject)) }
                @if let Some(tile) = tile { (embed(context, tile)) }
            }
        }
    }
}

/// One row for each check of dbt's rule, then those of the BI side.
fn health(subject: &Subject<'_>) -> Markup {
    let Subject {
        context,
        catalog,
        exposure,
        ..
    } = *subject;
    let health = catalog.health(subject.id());
    let refresh = catalog.refresh(subject.id());
    let views = exposure.workbook.as_ref().map(|workbook| workbook.total_views);
    html! {
        section.card #health {
            h2 { "Data health" }
            div.scroll tabindex="0" role="region" aria-label="Checks" { table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "State" } th scope="col" { "Where" } th scope="col" { "When" } } }
                tbody {
                    @for check in &health.checks { tr {
                        td { (check.title) }
                        td { @match check.state { Some(state) => (badge::health(state.name())), None => span.muted { "–" } } }
                        td { (phrases(context, &check.phrases)) }
                        td.nowrap { (ago_or_dash(check.at, context.now)) }
                    } }
                    @if exposure.integration.is_some() { (refresh_row(subject, &refresh)) }
                    @if let Some(views) = views { tr {
                        td { "Usage" }
                        td { span.muted { "–" } }
                        td { @match views { Some(views) => { (grouped(views)) @if views == 1 { " view" } @else { " views" } " since it exists" }, None => "the BI tool tells no figures" } }
                        td { span.muted { "–" } }
                    } }
                }
            } }
            @if health.reasons.len() > 1 { h3 { "Reasons" } (reason::reasons(context, &health.reasons)) }
            p.muted { "Data is judged by dbt's rule; the refresh is the BI tool's side. One says nothing of the other. "
                a href=(context.links.to("/health")) { "The rules" } }
        }
    }
}

fn refresh_row(subject: &Subject<'_>, refresh: &Refresh) -> Markup {
    let tone = refresh_tone(refresh.state);
    html! {
        tr {
            td { "Extract refresh" }
            td { span.badge.{ "tone-" (tone) } { (glyph::glyph(tone)) (refresh.state.title()) } }
            td {
                @match refresh.sources.as_slice() {
                    [] => (name(&refresh.sentence)),
                    [source] => a href=(subject.address(Tab::Refreshes)) { (name(&source.source.name)) },
                    [source, more @ ..] => { a href=(subject.address(Tab::Refreshes)) { (name(&source.source.name)) } " and " (more.len()) " more" },
                }
            }
            td.nowrap { (ago_or_dash(refresh.data_as_of, subject.context.now)) }
        }
    }
}

/// What shows the health of the dashboard in another page, such as in the dashboard itself.
fn embed(context: &Context, tile: &str) -> Markup {
    let title = "Data health";
    let code =
        html! { iframe src=(tile) title=(title) width="320" height="120" loading="lazy" style="border:0" {} };
    let sites = &context.app.options().frame_ancestors;
    html! {
        section.card #embed {
            h2 { "Embed" }
            p { "Shows in another page whether the data is fresh and good, and links here. The address is good for this dashboard's tile \
                alone, and needs no sign-in: whoever has it can see the tile." }
            pre #embed-code tabindex="0" { (cut(&code.into_string(), 4_000)) }
            p.row {
                button type="button" data-copy-from="embed-code" { "Copy the code" }
                a.button href=(tile) target="_blank" rel="noopener" { "Look at it" span.hidden { " (in a new tab)" } }
            }
            @if sites.is_empty() {
                p.muted { "No other site may show it yet: name those that may under " code { "frame_ancestors" } " in " code { "[serve]" } " of " code { "tailwater.toml" } "." }
            } @else {
                p.muted { "May be shown by " (cut(&sites.join(", "), 300)) "." }
            }
        }
    }
}
