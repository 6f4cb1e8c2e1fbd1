//! `/tree/files`, `/tree/database`, `/tree/{tool}`: everything by its place, to browse.
//!
//! A level of the tree is an address (`?in=shop&in=models`), so that browsing works without script and no page
//! grows with the project: small folders come folded inside the page, large ones are a link to their own level.

mod folder;

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::html;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::error::Error;
use crate::view::chrome::{empty, tabs};
use crate::view::{glyph, readiness};
use folder::{Place, Tree};

/// Deeper addresses are not looked for.
const DEEPEST: usize = 70;

/// `GET /tree/{which}`
pub async fn get(context: Context, Path(which): Path<String>) -> Result<Response, Error> {
    let catalog = context.catalog()?;
    let (root, place) = match which.as_str() {
        "files" => (catalog.file_tree(), Place::Files),
        "database" => (catalog.database_tree(), Place::Database),
        tool => {
            let tree = catalog.tool_tree(tool);
            let tree = tree.ok_or_else(|| Error::not_found("tree", tool).with_hint(known_trees(&catalog)))?;
            (tree, Place::Tool)
        }
    };
    let path = path(&context);
    let below = root.find(path.iter().map(String::as_str));
    let below = below.ok_or_else(|| {
        Error::not_found("folder", &path.join(" / "))
            .with_hint("it may have been renamed or removed; begin at the top of the tree")
    })?;
    if context.parameter("format").as_deref() == Some("json") {
        return Ok(axum::Json(below).into_response());
    }
    let tree = Tree {
        context: &context,
        catalog: &catalog,
        which: &which,
        place,
    };
    let title = title(&which);
    let page = readiness::page(&context, &catalog, title);
    Ok(page
        .body(&html! {
            (tree_tabs(&context, &catalog, &which))
            div #tree {
                @if root.count == 0 { (nothing(&context, place)) } @else { (tree.render(root, &path)) }
            }
        })
        .into_response())
}

/// The folders that the address leads through.
fn path(context: &Context) -> Vec<String> {
    let query = context.uri.query().unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(query)
        .filter(|(name, _)| name == "in")
        .map(|(_, value)| value.into_owned())
        .take(DEEPEST)
        .collect()
}

fn title(which: &str) -> &'static str {
    match which {
        "files" => "Files",
        "database" => "Database",
        tool => glyph::tool_title(tool),
    }
}

fn tools(catalog: &Catalog) -> BTreeSet<&'static str> {
    let integrations = catalog.integrations().iter();
    integrations
        .map(|integration| integration.integration().kind.name())
        .collect()
}

fn known_trees(catalog: &Catalog) -> String {
    let mut names = vec!["files", "database"];
    names.extend(tools(catalog));
    format!("the trees are: {}", names.join(", "))
}

fn tree_tabs(context: &Context, catalog: &Catalog, here: &str) -> maud::Markup {
    let mut shown = vec![
        ("Files", context.links.to("/tree/files"), here == "files"),
        ("Database", context.links.to("/tree/database"), here == "database"),
    ];
    for tool in tools(catalog) {
        shown.push((
            glyph::tool_title(tool),
            context.links.to("/tree").segment(tool),
            here == tool,
        ));
    }
    tabs("Trees", &shown)
}

fn nothing(context: &Context, place: Place) -> maud::Markup {
    match place {
        Place::Files => empty("No project has any files yet.", &html! {}),
        Place::Database => empty("No project builds or reads a table yet.", &html! {}),
        Place::Tool => empty(
            "Nothing was imported yet.",
            &html! { p { a href=(context.links.to("/integrations")) { "Choose collections and sync" } } },
        ),
    }
}
