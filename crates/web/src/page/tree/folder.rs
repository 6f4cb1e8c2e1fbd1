//! A tree, opened along one path.

use std::cell::Cell;

use maud::{Markup, html};
use tailwater_core::health::is_judged;
use tailwater_core::id::NodeId;
use tailwater_engine::catalog::{Catalog, Folder};

use crate::context::Context;
use crate::link::Address;
use crate::view::name::name;
use crate::view::number::grouped;
use crate::view::{badge, glyph, resource};

/// Folders with at most so many resources are in the page itself, folded.
const SMALL: usize = 40;
/// A page holds at most about so many resources in folders that are folded.
const MOST_FOLDED: usize = 1_000;
/// Folders that are shown beside the opened one.
const MOST_FOLDERS: usize = 300;
/// Resources of the opened folder on one page.
const PAGE: usize = 500;
/// Resources that are shown of a folder on the way to the opened one.
const ON_THE_WAY: usize = 25;

/// What the folders of a tree are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Packages and folders of files.
    Files,
    /// Databases and schemas.
    Database,
    /// Integrations and collections.
    Tool,
}

/// A tree on its way to the page.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    pub context: &'a Context,
    pub catalog: &'a Catalog,
    /// Its name in the address.
    pub which: &'a str,
    pub place: Place,
}

impl Tree<'_> {
    /// The tree with the folders of a path opened.
    pub fn render(&self, root: &Folder, path: &[String]) -> Markup {
        let left = Cell::new(MOST_FOLDED);
        html! { ul.tree { (self.opened(root, path, 0, &left)) } }
    }

    /// The content of a folder on the path, as rows.
    fn opened(&self, folder: &Folder, path: &[String], depth: usize, left: &Cell<usize>) -> Markup {
        let here = &path[..depth];
        let next = path.get(depth);
        let is_target = next.is_none();
        // The opened one is there even when it stands far down.
        let shown = folder.folders.iter().enumerate();
        let shown = shown.filter(|(at, below)| *at < MOST_FOLDERS || Some(&below.name) == next);
        let more_folders = folder.folders.len().saturating_sub(MOST_FOLDERS);
        let page = if is_target { self.page(folder) } else { 1 };
        let size = if is_target { PAGE } else { ON_THE_WAY };
        let resources = folder.resources.iter().skip((page - 1) * size).take(size);
        let more = folder.resources.len().saturating_sub(page * size);
        html! {
            @for (_, below) in shown {
                @if Some(&below.name) == next {
                    li { details open { summary { (self.title(below)) }
                        ul { (self.opened(below, path, depth + 1, left)) } } }
                } @else {
                    li { (self.closed(below, here, left)) }
                }
            }
            @if more_folders > 0 { li.muted { "and " (grouped(more_folders as u64)) " more folders: filter the list of models by package or search for them" } }
            @for id in resources { (self.resource(id)) }
            @if is_target {
                @if page > 1 { li { a href=(self.address(here).query_if("page", (page > 2).then(|| (page - 1).to_string()).as_deref())) data-swap="tree" { "Previous " (PAGE) } } }
                @if more > 0 { li { a href=(self.address(here).query("page", &(page + 1).to_string())) data-swap="tree" { "Next " (grouped(more.min(PAGE) as u64)) " of " (grouped(more as u64)) " more" } } }
            } @else if more > 0 {
                li { a href=(self.address(here)) data-swap="tree" { "and " (grouped(more as u64)) " more here" } }
            }
        }
    }

    /// A folder beside the path: folded inside the page when it is small, a link to its own level else.
    fn closed(&self, folder: &Folder, above: &[String], left: &Cell<usize>) -> Markup {
        let is_small = folder.count <= SMALL && folder.count <= left.get() && folders_below(folder) <= SMALL;
        if is_small {
            left.set(left.get() - folder.count);
            return self.folded(folder);
        }
        let mut path = above.to_vec();
        path.push(folder.name.clone());
        html! { a href=(self.address(&path)) data-swap="tree" { (self.title(folder)) } }
    }

    /// A small folder with everything below.
    fn folded(&self, folder: &Folder) -> Markup {
        html! {
            details { summary { (self.title(folder)) }
                ul {
                    @for below in &folder.folders { li { (self.folded(below)) } }
                    @for id in &folder.resources { (self.resource(id)) }
                }
            }
        }
    }

    fn title(&self, folder: &Folder) -> Markup {
        let unknown = match self.place {
            Place::Database => "(name not known)",
            Place::Files | Place::Tool => "(no name)",
        };
        html! {
            @if folder.name.is_empty() { span.muted { (unknown) } } @else { (name(&folder.name)) }
            " " span.muted { "(" (grouped(folder.count as u64)) ")" }
        }
    }

    fn resource(&self, id: &NodeId) -> Markup {
        let Some(node) = self.catalog.node(id.as_str()) else {
            return html! {};
        };
        let relation = node.readable_relation().filter(|_| self.place == Place::Database);
        html! {
            li {
                @match relation {
                    // In the warehouse people know a table by its own name.
                    Some(relation) => {
                        span.name { (glyph::of_kind(node.resource_type))
                            a href=(self.context.links.node(node.resource_type, id)) { (name(&relation.name)) } }
                        @if relation.name != node.name { " " span.muted { (name(&resource::label(node))) } }
                    },
                    None => (resource::link(self.context, node)),
                }
                " "
                @if is_judged(node.resource_type) { (badge::health_mark(self.catalog.health(id.as_str()).state.name())) }
            }
        }
    }

    fn address(&self, path: &[String]) -> Address {
        let start = self.context.links.to("/tree").segment(self.which);
        path.iter().fold(start, |address, name| address.query("in", name))
    }

    fn page(&self, folder: &Folder) -> usize {
        let asked = self.context.parameter("page").and_then(|page| page.parse().ok());
        let last = folder.resources.len().div_ceil(PAGE).max(1);
        asked.unwrap_or(1).clamp(1, last)
    }
}

/// Folders at every depth below one, itself left out.
fn folders_below(folder: &Folder) -> usize {
    folder.folders.iter().map(|below| 1 + folders_below(below)).sum()
}
