//! The facts of an exposure: who, what, where.

use maud::{Markup, html};
use tailwater_core::curation::{CuratedMark, Field};

use super::list::email;
use super::subject::{Subject, modes};
use crate::view::name::{cut, name};
use crate::view::number::{counted, grouped};
use crate::view::resource::link_by_id;
use crate::view::time::{ago, ago_or_dash};
use crate::view::{badge, glyph};

/// So many nodes are named among the facts; the card has them all.
const MOST_NODES: usize = 8;

/// The facts, with what was given by hand marked as such.
pub(super) fn facts(subject: &Subject<'_>) -> Markup {
    let (context, exposure) = (subject.context, subject.exposure);
    let asset = subject.asset();
    let path = subject.catalog.collection_path(exposure);
    let sources = subject.catalog.data_sources(exposure);
    html! {
        dl.facts {
            dt { "Owner" }
            dd { @match &exposure.owner.name { Some(owner) => (name(owner)), None => span.muted { "nobody is named" } }
                (mark(subject, Field::OwnerName)) }
            dt { "E-mail" } dd { (email(exposure.owner.email.as_deref())) (mark(subject, Field::OwnerEmail)) }
            dt { "Type" } dd { (name(&exposure.kind)) (mark(subject, Field::Type)) }
            dt { "Maturity" }
            dd { @match &exposure.maturity { Some(maturity) => (name(maturity)), None => span.muted { "–" } } (mark(subject, Field::Maturity)) }
            dt { "Tags" }
            dd {
                @if exposure.tags.is_empty() { span.muted { "–" } }
                @for tag in exposure.tags.iter().take(50) { (badge::tag(&cut(tag, 100))) " " }
                (mark(subject, Field::Tags))
            }
            @if let Some(view) = asset {
                dt { "Tool" } dd { (glyph::tool(&view.integration.inventory().site.tool)) " " (glyph::tool_title(&view.integration.inventory().site.tool)) }
                dt { "Site" } dd { @match view.integration.inventory().site.name.as_str() { "" => "the default site", site => (name(site)) } }
            }
            @if let Some(integration) = &exposure.integration {
                dt { "Integration" } dd { a href=(context.links.integration(integration)) { (name(integration.as_str())) } }
            }
            @if exposure.integration.is_some() && !subject.is_gone() {
                dt { "Refreshing" } dd { a href={ (subject.address(super::subject::Tab::Refreshes)) "#policy" } { "policy and history" } }
            }
            @if !path.is_empty() { dt { "Project" } dd { (name(&path.join(" / "))) } }
            @if let Some(view) = asset { dt { "Workbook" } dd { (name(&view.asset.name)) } }
            @if !sources.is_empty() {
                dt { "Data sources" }
                dd { a href=(subject.address(super::subject::Tab::Workbook)) { (counted(sources.len(), "data source", "data sources")) } }
            }
            dt { "Depends on" }
            dd {
                @if exposure.depends_on.is_empty() { span.muted { "nothing that is known" } }
                @for (at, node) in exposure.depends_on.iter().take(MOST_NODES).enumerate() { @if at > 0 { ", " } (link_by_id(context, subject.catalog, node)) }
                @if exposure.depends_on.len() > MOST_NODES { " " a href="#links" { "and " (exposure.depends_on.len() - MOST_NODES) " more" } }
            }
            @if !exposure.gaps.is_empty() {
                dt { "Not matched" } dd { a href="#gaps" { (counted(exposure.gaps.len(), "table", "tables")) } }
            }
            @if let Some(views) = exposure.workbook.as_ref().and_then(|workbook| workbook.total_views) {
                dt { "Views" } dd { (grouped(views)) }
            }
            @if let Some(workbook) = &exposure.workbook {
                dt { "Published" } dd { (ago_or_dash(workbook.created_at, context.now)) }
                dt { "Changed" } dd { (ago_or_dash(workbook.updated_at, context.now)) }
            }
            dt { "Mode" }
            dd { (modes(exposure))
                @if exposure.modes.len() > 1 { @if let Some(node) = subject.node() { " (" code { (name(&node.path)) } ")" } } }
            dt { "dbt name" } dd { code { (name(subject.id())) } }
            @if exposure.curated.contains_key(&Field::Label) { dt { "Label" } dd { (name(&exposure.label)) (mark(subject, Field::Label)) } }
            @if exposure.curated.contains_key(&Field::Description) { dt { "Description" } dd { (mark(subject, Field::Description)) } }
        }
    }
}

/// Who gave a field by hand, when, and what the BI tool says.
fn mark(subject: &Subject<'_>, field: Field) -> Markup {
    let Some(mark) = subject.exposure.curated.get(&field) else {
        return html! {};
    };
    html! { div.muted { (by_hand(subject, mark)) } }
}

pub(super) fn by_hand(subject: &Subject<'_>, mark: &CuratedMark) -> Markup {
    let was = mark.was.to_text();
    html! {
        "by hand: " (name(&mark.by)) " " (ago(mark.at, subject.context.now)) "; the BI tool says "
        @if was.is_empty() { "nothing" } @else { "“" (name(&was)) "”" }
        @if let Some(email) = &mark.email_set_aside { ", with the address " (name(email)) ", which is not shown beside another name" }
        @if mark.overruled { "; the project's YAML says otherwise, and is shown" }
    }
}
