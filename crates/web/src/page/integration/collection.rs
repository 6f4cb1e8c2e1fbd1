//! `/integrations/{name}/collections`: the tree of collections, which of them are imported, and choosing others.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::collection_tree::CollectionTree;
use tailwater_core::id::CollectionId;
use tailwater_core::selection::Selection;
use tailwater_engine::account::Role;
use tailwater_engine::settings::DeclaredIn;
use tailwater_engine::store::SyncCause;

use super::posted::Posted;
use super::{find, page, read_only_note, see, sync, tabs};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::form;
use crate::view::name::name;
use crate::view::number::{counted, grouped};

/// `GET /integrations/{name}/collections`. `?fresh=1` asks the tool; else the last sync's tree is shown.
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let workspace = context.app.workspace();
    let may_change = context.may(Role::Admin) && integration.declared_in == DeclaredIn::Store;
    let known = workspace.known_collections(&integration.name).await?;
    let wants_fresh = context.parameter("fresh").is_some() && context.may(Role::Operator);
    let (tree, failure) = if wants_fresh || (known.rows.is_empty() && context.may(Role::Operator)) {
        match workspace.collections(&integration.name).await {
            Ok(listing) => (CollectionTree::new(&listing, &integration.collections), None),
            Err(error) => (known, Some(Error::from(error))),
        }
    } else {
        (known, None)
    };
    let base = || context.links.integration(&integration.name).then("/collections");
    let body = html! {
        (tabs(&context, &integration, "/collections"))
        @if let Some(error) = &failure {
            (chrome::notice("degraded", &html! {
                p { strong { "The site could not be asked. " } (name(&error.message)) }
                @if let Some(hint) = &error.hint { p.hint { (hint) } }
                @if !tree.rows.is_empty() { p.muted { "What the last sync saw is shown." } }
            }))
        }
        @if tree.rows.is_empty() {
            (chrome::empty("No collection is known: the token's user sees none, or the site was never asked.", &html! {}))
        } @else if may_change {
            form method="post" action=(base().anywhere()) {
                (form::csrf(&context))
                (boxes(&tree))
                div.row {
                    button.primary type="submit" { "Save and sync now" }
                    a.button href=(base().query("fresh", "1")) { "Ask the site again" }
                }
            }
        } @else {
            p { (summary(&tree)) }
            (tree_shown(&tree))
        }
    };
    let page = page(&context, &integration, "Collections");
    let page = match read_only_note(&integration) {
        Some(note) => page.notice(note),
        None => page,
    };
    Ok(page.body(&body).into_response())
}

/// `POST /integrations/{name}/collections`: chooses, and syncs when the choice is another one.
pub async fn post(context: Context, Path(wanted): Path<String>, posted: Posted) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let workspace = context.app.workspace();
    let known = workspace.known_collections(&integration.name).await?;
    let selection = if covers(&known, &posted) {
        chosen(&known, &posted)
    } else {
        // The form showed more than the last sync saw, so the site is asked what stands where.
        let listing = workspace.collections(&integration.name).await?;
        chosen(&CollectionTree::new(&listing, &integration.collections), &posted)
    };
    if selection == integration.collections {
        return Ok(see(&context.links.integration(&integration.name)));
    }
    workspace.set_selection(&integration.name, &selection).await?;
    context
        .record(
            "integration.select",
            integration.name.as_str(),
            &selection.patterns().join(", "),
        )
        .await?;
    let by = context.principal.as_ref().map(|principal| principal.name.clone());
    let id = context
        .app
        .runtime()
        .start_sync(&integration.name, SyncCause::SelectionChanged, by.as_deref())
        .await?;
    Ok(see(&sync::address(&context, &integration.name, id)))
}

/// Whether every collection that the form speaks of is in the tree.
fn covers(tree: &CollectionTree, posted: &Posted) -> bool {
    let known: BTreeSet<&str> = tree.rows.iter().map(|row| row.id.as_str()).collect();
    !tree.rows.is_empty() && posted.all("collection").all(|id| known.contains(id))
}

/// The selection that a form with [`boxes`] describes.
pub fn chosen(tree: &CollectionTree, posted: &Posted) -> Selection {
    let ids: BTreeSet<CollectionId> = posted.all("collection").map(CollectionId::from).collect();
    // Only what no box stands for can be kept: anything else could be smuggled in.
    let kept = posted
        .all("keep")
        .filter(|pattern| tree.other_patterns.iter().any(|other| other == pattern));
    tree.to_selection(
        &ids,
        posted.has("new_below"),
        posted.has("everything"),
        kept.map(str::to_owned).collect::<Vec<_>>(),
    )
}

fn summary(tree: &CollectionTree) -> String {
    let chosen = tree.rows.iter().filter(|row| row.is_chosen).count();
    format!(
        "{chosen} of {} chosen, with {}",
        counted(tree.rows.len(), "collection", "collections"),
        counted(tree.assets_chosen, "workbook", "workbooks")
    )
}

/// The tree with a box for each collection, a search, and what is to happen with new ones.
pub fn boxes(tree: &CollectionTree) -> Markup {
    html! {
        div.row.filters {
            div.field { label for="tree-filter" { "Search the collections" } input #tree-filter type="search" data-tree-filter="collections" autocomplete="off"; }
            button type="button" data-tree-all="collections" { "Select all" }
            button type="button" data-tree-none="collections" { "Select none" }
            span role="status" data-tree-count="collections" data-unit="workbooks" { (summary(tree)) }
        }
        p { label.inline { input type="checkbox" name="new_below" value="1" checked[tree.has_new_below()]; " Include new projects below those that are chosen with everything in them" } }
        p { label.inline { input type="checkbox" name="everything" value="1" checked[tree.is_everything]; " Import everything, also new projects at the top (the boxes below then do not count)" } }
        (rows(tree, &mut 0, 0, true))
        @if !tree.other_patterns.is_empty() {
            fieldset { legend { "Chosen, and not on the site now" }
                p.muted { "Misspelt, renamed, or hidden from the token. Take the mark away to forget them." }
                @for pattern in &tree.other_patterns {
                    p { label.inline { input type="checkbox" name="keep" value=(pattern) checked; " " code { (name(pattern)) } } }
                }
            }
        }
    }
}

/// The tree to look at.
fn tree_shown(tree: &CollectionTree) -> Markup {
    rows(tree, &mut 0, 0, false)
}

/// The rows of one depth and below, as nested lists. Rows come each followed by those below it.
fn rows(tree: &CollectionTree, at: &mut usize, depth: usize, has_boxes: bool) -> Markup {
    /// Deeper trees are shown flat from here on: nobody nests so deep by intention.
    const DEEPEST: usize = 60;
    html! {
        ul.tree id=[(depth == 0).then_some("collections")] data-tree[depth == 0 && has_boxes] {
            @while let Some(row) = tree.rows.get(*at).filter(|row| row.depth >= depth) {
                li {
                    @let count = counted(row.assets, "workbook", "workbooks");
                    @if has_boxes {
                        label.inline { input type="checkbox" name="collection" value=(row.id.as_str()) checked[row.is_chosen] data-count=(row.assets); " " (name(&row.name)) " " span.muted { (count) } }
                    } @else {
                        @if row.is_chosen { span.badge.tone-healthy { (crate::view::glyph::glyph("healthy")) span.hidden { "chosen" } } " " }
                        (name(&row.name)) " " span.muted { (count) }
                    }
                    @if row.collections_below > 0 { span.muted { " · " (grouped(row.assets_below as u64)) " with what is below" } }
                    @let is_nested = { *at += 1; depth < DEEPEST && tree.rows.get(*at).is_some_and(|next| next.depth > depth) };
                    @if is_nested { (rows(tree, at, depth + 1, has_boxes)) }
                }
            }
        }
    }
}
