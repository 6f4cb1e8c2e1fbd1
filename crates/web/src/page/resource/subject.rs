//! One resource of dbt: its head, its tabs, and the way to it.

use maud::{Markup, html};
use tailwater_core::layer::Layer;
use tailwater_core::project::{Node, ResourceType, with_article};
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::error::Error;
use crate::link::{Address, collection_of};
use crate::view::chrome::{Page, tabs};
use crate::view::name::{cut, name};
use crate::view::number::grouped;
use crate::view::{badge, glyph, readiness, reason, resource, run};

/// How many near names an error suggests.
const NEAREST: usize = 3;
/// A title is cut here, in characters.
const LONGEST_TITLE: usize = 300;

/// The pages of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Columns,
    Code,
    Tests,
    Runs,
    Downstream,
}

/// A resource that was asked for and is there.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The request.
    pub context: &'a Context,
    /// What is known.
    pub catalog: &'a Catalog,
    /// The resource.
    pub node: &'a Node,
}

impl<'a> Subject<'a> {
    /// The resource with an id, when it is of a kind that stands under the address asked for.
    pub fn find(context: &'a Context, catalog: &'a Catalog, id: &str) -> Result<Self, Error> {
        let collection = context
            .path()
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        let is_here = |node: &&Node| collection_of(node.resource_type) == collection;
        let node = catalog.node(id).filter(is_here);
        let node = node.ok_or_else(|| unknown(catalog, collection, id))?;
        Ok(Self {
            context,
            catalog,
            node,
        })
    }

    /// dbt's id.
    pub fn id(&self) -> &'a str {
        self.node.unique_id.as_str()
    }

    /// The page with a tab's content.
    pub fn page(&self, tab: Tab, body: &Markup) -> Markup {
        let Self {
            context,
            catalog,
            node,
        } = *self;
        let health = catalog.health(self.id());
        let label = resource::label(node);
        let kind = node.resource_type;
        let is_judged = tailwater_core::health::is_judged(kind);
        let mut page = Page::new(context, cut(&label, LONGEST_TITLE))
            .crumb(list_title(kind), self.list_address())
            .crumb(
                cut(&node.package, 80).into_owned(),
                self.list_address().query("package", &node.package),
            )
            .heading(html! {
                (glyph::of_kind(kind)) bdi { (cut(&label, LONGEST_TITLE)) }
                @if is_judged { (badge::health(health.state.name())) }
            })
            .actions(self.actions());
        for notice in readiness::notices(context, catalog) {
            page = page.notice(notice);
        }
        let checks = self.address(Tab::Overview);
        let why = if tab == Tab::Overview {
            "#health".to_owned()
        } else {
            format!("{checks}#health")
        };
        page.body(&html! {
            (self.status_line())
            @if is_judged { @if let Some(notice) = reason::notice(context, health, &why) { (notice) } }
            (self.tabs(tab))
            (body)
        })
    }

    /// The address of a tab.
    pub fn address(&self, tab: Tab) -> Address {
        let address = self
            .context
            .links
            .node(self.node.resource_type, &self.node.unique_id);
        match tab {
            Tab::Overview => address,
            Tab::Columns => address.then("/columns"),
            Tab::Code => address.then("/code"),
            Tab::Tests => address.then("/tests"),
            Tab::Runs => address.then("/runs"),
            Tab::Downstream => address.then("/downstream"),
        }
    }

    /// Around it, one step each way.
    pub fn lineage(&self) -> Address {
        self.context.links.lineage_of(&self.node.unique_id)
    }

    /// From it straight to the dashboards, with the models between as one pill.
    pub fn impact(&self) -> Address {
        self.lineage().query("preset", "impact")
    }

    fn list_address(&self) -> Address {
        self.context.links.to(list_path(self.node.resource_type))
    }

    fn actions(&self) -> Markup {
        html! {
            a.button.primary href=(self.lineage()) { "Open lineage" }
            @if let Some(relation) = self.relation() { button type="button" data-copy=(relation) { "Copy relation name" } }
        }
    }

    /// The name of its relation as the warehouse wants it.
    pub fn relation(&self) -> Option<&'a str> {
        self.node.relation.as_ref()?.rendered.as_deref()
    }

    fn tabs(&self, here: Tab) -> Markup {
        let catalog = self.catalog;
        let count = |title: &str, count: usize| {
            if count == 0 {
                title.to_owned()
            } else {
                format!("{title} ({})", grouped(count as u64))
            }
        };
        let titles: Vec<(String, Tab)> = tabs_of(self.node.resource_type)
            .iter()
            .map(|&tab| {
                let title = match tab {
                    Tab::Overview => "Overview".to_owned(),
                    Tab::Columns => count("Columns", catalog.columns(self.id()).len()),
                    Tab::Code => "Code".to_owned(),
                    Tab::Tests => count("Tests", catalog.tests(self.id()).count()),
                    Tab::Runs => "Runs".to_owned(),
                    Tab::Downstream => count("Dashboards", catalog.exposures_fed(self.id())),
                };
                (title, tab)
            })
            .collect();
        let shown: Vec<(&str, Address, bool)> = titles
            .iter()
            .map(|(title, tab)| (title.as_str(), self.address(*tab), *tab == here))
            .collect();
        tabs("Pages of this resource", &shown)
    }

    /// Kind, materialization, last run, size and what else one wants to know at a glance.
    fn status_line(&self) -> Markup {
        let (context, node) = (self.context, self.node);
        let state = self.catalog.state(self.id());
        let table = self.catalog.warehouse_table(self.id());
        let mut parts: Vec<Markup> = vec![html! { (kind_title(node.resource_type)) }];
        if let Some(materialized) = node
            .materialized()
            .filter(|word| *word != kind_title(node.resource_type))
        {
            parts.push(html! { (materialized) });
        }
        if let Some(layer) = Layer::of(node) {
            parts.push(html! { "layer " (layer.name()) });
        }
        if let Some(build) = state.and_then(|state| state.build.as_ref()) {
            parts.push(html! { "last run " (run::status_at(context, &build.status, build.at)) });
        }
        if let Some(test) = state.and_then(|state| state.test.as_ref()) {
            parts.push(html! { "last result " (run::status_at(context, &test.status, test.at)) });
        }
        if let Some(freshness) = state.and_then(|state| state.freshness.as_ref()) {
            parts.push(html! { "freshness " (run::status_at(context, &freshness.status, freshness.at)) });
        }
        if let Some(rows) = table.and_then(|table| table.row_count) {
            parts.push(html! { (grouped(rows)) " rows" });
        }
        if let Some(bytes) = table.and_then(|table| table.bytes) {
            parts.push(html! { (crate::view::number::bytes(bytes)) });
        }
        if let Some(access) = &node.access {
            parts.push(html! { (access) });
        }
        if let Some(group) = &node.group {
            parts.push(html! { "group " (name(group)) });
        }
        if has_contract(node) {
            parts.push(html! { "contract enforced" });
        }
        if let Some(version) = &node.version {
            let is_latest = node.latest_version.as_ref() == Some(version);
            parts.push(html! { "version " (name(version)) @if is_latest { " (latest)" } });
        }
        html! { p.status-line { @for (at, part) in parts.iter().enumerate() { @if at > 0 { " · " } (part) } } }
    }
}

/// Whether dbt holds the model to its declared columns.
pub fn has_contract(node: &Node) -> bool {
    let contract = node.config.get("contract");
    contract
        .and_then(|contract| contract.get("enforced"))
        .and_then(serde_json::Value::as_bool)
        .unwrap_or(false)
}

/// The tabs of a kind.
const fn tabs_of(kind: ResourceType) -> &'static [Tab] {
    use Tab::{Code, Columns, Downstream, Overview, Runs, Tests};
    match kind {
        ResourceType::Model | ResourceType::Snapshot => &[Overview, Downstream, Columns, Code, Tests, Runs],
        ResourceType::Seed | ResourceType::Source => &[Overview, Downstream, Columns, Tests, Runs],
        ResourceType::Test | ResourceType::UnitTest => &[Overview, Code, Runs],
        _ => &[Overview, Downstream],
    }
}

fn kind_title(kind: ResourceType) -> &'static str {
    glyph::title(kind)
}

const fn list_path(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Source => "/sources",
        ResourceType::Seed => "/seeds",
        ResourceType::Snapshot => "/snapshots",
        ResourceType::Test | ResourceType::UnitTest => "/tests",
        ResourceType::Metric => "/metrics",
        ResourceType::SemanticModel => "/semantic-models",
        ResourceType::SavedQuery => "/saved-queries",
        ResourceType::Exposure => "/exposures",
        _ => "/models",
    }
}

const fn list_title(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Source => "Sources",
        ResourceType::Seed => "Seeds",
        ResourceType::Snapshot => "Snapshots",
        ResourceType::Test | ResourceType::UnitTest => "Tests",
        ResourceType::Metric => "Metrics",
        ResourceType::SemanticModel => "Semantic models",
        ResourceType::SavedQuery => "Saved queries",
        ResourceType::Exposure => "Exposures",
        _ => "Models",
    }
}

/// An error that says what there is instead.
fn unknown(catalog: &Catalog, collection: &str, id: &str) -> Error {
    let kind = ResourceType::ALL
        .into_iter()
        .find(|kind| collection_of(*kind) == collection)
        .unwrap_or_default();
    let error = Error::not_found(glyph::title(kind), id);
    if let Some(node) = catalog.node(id) {
        let (other, place) = (
            glyph::title(node.resource_type),
            collection_of(node.resource_type),
        );
        return error.with_hint(format!(
            "there is {} of this id, under `/{place}`",
            with_article(other)
        ));
    }
    let nearest = catalog.nearest(id, kind, NEAREST);
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
