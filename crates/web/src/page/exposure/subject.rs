//! One exposure: its head, its tabs, what the reader should know first, and the way to it.

use std::sync::Arc;

use chrono::TimeDelta;
use maud::{Markup, html};
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_core::health::RefreshState;
use tailwater_core::project::{Node, ResourceType};
use tailwater_engine::account::Role;
use tailwater_engine::catalog::{AssetView, Catalog, GoneExposure};

use super::form;
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::view::chrome::{Page, tabs};
use crate::view::name::{cut, name};
use crate::view::number::{counted, grouped};
use crate::view::time::{ago, exact};
use crate::view::{badge, glyph, readiness, reason};

/// A title is cut here, in characters.
const LONGEST_TITLE: usize = 300;
/// A sync older than this is worth a word.
const STALE_AFTER: TimeDelta = TimeDelta::hours(26);

/// The pages of one exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    General,
    Workbook,
    Refreshes,
    Yaml,
}

/// An exposure that was asked for: one that is there, or one that has gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) context: &'a Context,
    pub(super) catalog: &'a Catalog,
    pub(super) exposure: &'a Exposure,
    gone: Option<&'a GoneExposure>,
}

/// What a request for one exposure comes to.
pub(super) enum Found<'a> {
    /// Its page can be shown.
    Here(Subject<'a>),
    /// Somebody left it out.
    LeftOut(&'a tailwater_engine::curation::LeftOut),
}

impl<'a> Subject<'a> {
    /// The exposure with an id, one that has gone or is left out too.
    pub(super) fn look_up(context: &'a Context, catalog: &'a Catalog, id: &str) -> Result<Found<'a>, Error> {
        if let Some(exposure) = catalog.exposure(id) {
            return Ok(Found::Here(Self {
                context,
                catalog,
                exposure,
                gone: None,
            }));
        }
        let is_meant = |one: &&tailwater_engine::curation::LeftOut| {
            one.unique_id.as_ref().is_some_and(|own| own.as_str() == id)
        };
        if let Some(left_out) = catalog.left_out().iter().find(is_meant) {
            return Ok(Found::LeftOut(left_out));
        }
        let gone = catalog.gone_exposure(id).ok_or_else(|| unknown(catalog, id))?;
        Ok(Found::Here(Self {
            context,
            catalog,
            exposure: &gone.exposure,
            gone: Some(gone),
        }))
    }

    /// The same where only an exposure that can be shown will do.
    pub(super) fn find(context: &'a Context, catalog: &'a Catalog, id: &str) -> Result<Self, Error> {
        match Self::look_up(context, catalog, id)? {
            Found::Here(subject) => Ok(subject),
            Found::LeftOut(_) => Err(Error::not_found("exposure", id)
                .with_hint("somebody left it out: its page says who, and brings it back")),
        }
    }

    /// dbt's id.
    pub(super) fn id(&self) -> &'a str {
        self.exposure.unique_id.as_str()
    }

    /// The exposure as a node of dbt; none for one that has gone.
    pub(super) fn node(&self) -> Option<&'a Node> {
        self.catalog.node(self.id())
    }

    /// What stands behind it in the BI tool.
    pub(super) fn asset(&self) -> Option<AssetView<'a>> {
        self.catalog.asset(self.exposure)
    }

    pub(super) const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// Whether it comes from a BI tool and who looks may say something of it.
    pub(super) fn may_be_curated(&self) -> bool {
        !self.is_gone() && self.exposure.integration.is_some() && self.context.may(Role::Operator)
    }

    /// The address of a tab.
    pub(super) fn address(&self, tab: Tab) -> Address {
        let address = self.context.links.exposure(&self.exposure.unique_id);
        match tab {
            Tab::General => address,
            Tab::Workbook => address.then("/workbook"),
            Tab::Refreshes => address.then("/refreshes"),
            Tab::Yaml => address.then("/yaml"),
        }
    }

    /// The page with a tab's content.
    pub(super) fn page(&self, tab: Tab, body: &Markup) -> Markup {
        let context = self.context;
        let label = cut(&self.exposure.label, LONGEST_TITLE);
        let health = self.catalog.health(self.id());
        let refresh = self.catalog.refresh(self.id());
        let mut page = Page::new(context, label.as_ref())
            .crumb("Exposures", context.links.to("/exposures"))
            .heading(html! {
                @if self.exposure.integration.is_some() { (glyph::tool(self.tool())) } @else { (glyph::glyph("exposure")) }
                bdi { (label) }
                @if !self.is_gone() {
                    span.badges {
                        (badge::health(health.state.name()))
                        @if self.exposure.integration.is_some() { (refresh_badge(refresh.state)) }
                    }
                }
            })
            .actions(self.actions());
        if let Some(integration) = &self.exposure.integration {
            let by_tool = context
                .links
                .to("/exposures")
                .query("integration", integration.as_str());
            page = page.crumb(glyph::tool_title(self.tool()), by_tool);
            let path = self.catalog.collection_path(self.exposure);
            if !path.is_empty() {
                let title = path
                    .iter()
                    .map(|part| cut(part, 60))
                    .collect::<Vec<_>>()
                    .join(" / ");
                let by_path = context.links.to("/exposures").query("project", &path.join("/"));
                page = page.crumb(title, by_path);
            }
        }
        for notice in readiness::notices(context, self.catalog)
            .into_iter()
            .chain(self.notices())
        {
            page = page.notice(notice);
        }
        let why = if tab == Tab::General {
            "#health".to_owned()
        } else {
            format!("{}#health", self.address(Tab::General))
        };
        page.body(&html! {
            (self.status_line())
            @if !self.is_gone() { @if let Some(notice) = reason::notice(context, health, &why) { (notice) } }
            (self.tabs(tab))
            (body)
        })
    }

    fn tool(&self) -> &'a str {
        self.asset()
            .map(|view| view.integration.inventory().site.tool.as_str())
            .filter(|tool| !tool.is_empty())
            .unwrap_or("tableau")
    }

    fn actions(&self) -> Markup {
        let address = self.address(Tab::General).to_string();
        let absolute = self.context.app.absolute(&address, &self.context.headers);
        html! {
            @if let Some(url) = self.exposure.url.as_deref().filter(|url| is_web(url)) {
                a.button.primary href=(url) target="_blank" rel="noopener noreferrer" {
                    @if self.exposure.integration.is_some() { "Open in " (glyph::tool_title(self.tool())) } @else { "Open" }
                    span.hidden { " (in a new tab)" }
                }
            }
            @if !self.is_gone() {
                a.button href=(self.context.links.lineage_of(&self.exposure.unique_id)) { "Open lineage" }
            }
            button type="button" data-copy=(absolute) { "Copy link" }
        }
    }

    /// Kind, how it came to be, when it was synced, how old its data is, how often it is looked at.
    fn status_line(&self) -> Markup {
        let (context, exposure) = (self.context, self.exposure);
        let synced = self.asset().and_then(|view| view.integration.synced_at());
        let age = self.catalog.data_age(self.id());
        let views = exposure
            .workbook
            .as_ref()
            .and_then(|workbook| workbook.total_views);
        html! {
            p.status-line {
                (capitalized(&exposure.kind))
                " · " (modes(exposure))
                @if let Some(at) = synced { " · synced " (ago(at, context.now)) }
                @if let Some(age) = age { " · " span title=(format!("data refreshed {}", exact(age.data_as_of))) { (age.sentence) } }
                @if let Some(views) = views { " · " (grouped(views)) @if views == 1 { " view" } @else { " views" } }
                @if !exposure.gaps.is_empty() && !self.is_gone() {
                    " · " a href={ (self.address(Tab::General)) "#gaps" } { (counted(exposure.gaps.len(), "table", "tables")) " not matched" }
                }
            }
        }
    }

    /// Gone, stale, a sync that failed, a twin in YAML.
    fn notices(&self) -> Vec<Markup> {
        let (context, exposure) = (self.context, self.exposure);
        let mut notices = Vec::new();
        if let Some(gone) = self.gone {
            notices.push(html! {
                div.notice.caution role="note" { p {
                    strong { "Not seen since " (exact(gone.last_seen)) ". " }
                    "The sync of " (exact(gone.gone_at)) " no longer found it: it was removed, moved to a collection that is not \
                     selected, or is hidden from the token now. This page stays for 90 days."
                } }
            });
        }
        if let Some(stale) = &exposure.stale {
            notices.push(html! {
                div.notice.caution role="note" { p {
                    strong { "May be out of date. " }
                    "What you see is of " (exact(stale.since)) ", the last sync that read it whole: " (cut(&stale.reason, 500)) "."
                } }
            });
        }
        if let Some(view) = self.asset()
            && !self.is_gone()
        {
            let link = context.links.integration(&view.integration.integration().name);
            if view.integration.is_failing() {
                notices.push(html! {
                    div.notice.degraded role="note" { p {
                        strong { "The last sync failed. " }
                        @if let Some(at) = view.integration.synced_at() { "What you see is of " (exact(at)) ". " }
                        a href=(link) { "See why" }
                    } }
                });
            } else if let Some(at) = view.integration.synced_at()
                && context.now - at > STALE_AFTER
            {
                notices.push(html! {
                    div.notice.caution role="note" { p {
                        strong { "Last synced " (ago(at, context.now)) ". " }
                        a href=(link) { "Sync now" }
                    } }
                });
            }
        }
        notices
    }

    fn tabs(&self, here: Tab) -> Markup {
        let all = [
            ("General", Tab::General),
            ("Workbook content", Tab::Workbook),
            ("Refresh history", Tab::Refreshes),
            ("YAML", Tab::Yaml),
        ];
        let is_shown = |tab: Tab| match tab {
            Tab::Workbook | Tab::Refreshes => self.exposure.integration.is_some(),
            Tab::General | Tab::Yaml => true,
        };
        let shown: Vec<_> = all
            .into_iter()
            .filter(|(_, tab)| is_shown(*tab))
            .map(|(title, tab)| (title, self.address(tab), tab == here))
            .collect();
        tabs("Parts of this exposure", &shown)
    }
}

fn unknown(catalog: &Catalog, id: &str) -> Error {
    let error = Error::not_found("exposure", id);
    let nearest = catalog.nearest(id, ResourceType::Exposure, 3);
    if nearest.is_empty() {
        return error;
    }
    let names: Vec<String> = nearest
        .iter()
        .map(|node| format!("`{}`", cut(node.unique_id.as_str(), 120)))
        .collect();
    error.with_hint(format!(
        "the nearest are {}; it may have been renamed or removed",
        names.join(", ")
    ))
}

/// The page of an exposure that is left out: who did it, and the way back.
pub(super) fn left_out_page(context: &Context, left_out: &tailwater_engine::curation::LeftOut) -> Markup {
    Page::new(context, cut(&left_out.label, LONGEST_TITLE))
        .crumb("Exposures", context.links.to("/exposures"))
        .crumb("Left out", context.links.to("/exposures/left-out"))
        .body(&html! {
            div.notice.caution role="note" {
                p { strong { (name(&left_out.by)) " left it out " (ago(left_out.at, context.now)) ". " }
                    "It is in no list, lineage or export, and syncs do not read it." }
                @if let Some(note) = &left_out.note { p { "“" (name(note)) "”" } }
                @if context.may(Role::Operator) { (form::bring_back(context, left_out)) }
            }
            @if let Some(path) = &left_out.collection_path { p.muted { "In " (name(path)) } }
        })
}

/// The catalog of a request, kept for as long as pages are drawn from it.
pub(super) fn catalog(context: &Context) -> Result<Arc<Catalog>, Error> {
    context.catalog()
}

/// How an exposure came to be, in words.
pub(super) fn modes(exposure: &Exposure) -> &'static str {
    match (
        exposure.modes.contains(&Mode::Auto),
        exposure.modes.contains(&Mode::Manual),
    ) {
        (true, true) => "found automatically and written in YAML",
        (false, true) => "written in YAML",
        _ => "found automatically",
    }
}

/// The badge of the BI side, beside that of the data and never merged with it.
pub(super) fn refresh_badge(state: RefreshState) -> Markup {
    let tone = refresh_tone(state);
    html! { span.badge.{ "tone-" (tone) } { (glyph::glyph(tone)) (state.title()) span.of { "refresh" } } }
}

/// The tone in which a state of refreshing is shown.
pub(super) const fn refresh_tone(state: RefreshState) -> &'static str {
    match state {
        RefreshState::Live | RefreshState::Refreshed => "healthy",
        RefreshState::Unknown => "unknown",
        RefreshState::Stale => "caution",
        RefreshState::Failed => "degraded",
    }
}

/// Whether a browser may be sent there: the BI tool's or a person's word is not trusted with `javascript:`.
pub(super) fn is_web(url: &str) -> bool {
    let start = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    start.starts_with("https://") || start.starts_with("http://")
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).take(60).collect(),
        None => "Exposure".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_web_pages_only() {
        assert!(is_web("HTTPS://bi.example/#/x") && is_web("http://x"));
        for hostile in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil",
            "",
            "httpsx://",
        ] {
            assert!(!is_web(hostile), "{hostile}");
        }
    }
}
