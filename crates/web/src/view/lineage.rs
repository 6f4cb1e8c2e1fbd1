//! The small lineage inside a page: what stands one step to each side, drawn on the server, without script.

use maud::{Markup, PreEscaped, html};
use tailwater_core::picture::{PictureQuery, svg};
use tailwater_core::project::Node;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;

/// So many neighbours are drawn on each side; the rest are counted.
const MOST_EACH_SIDE: usize = 8;

/// A node with its neighbours as an inline picture, and the way to the large one.
pub fn small(context: &Context, catalog: &Catalog, node: &Node) -> Markup {
    let query = PictureQuery::small(node.unique_id.clone(), 1, 1, MOST_EACH_SIDE);
    let Ok(picture) = catalog.picture(&query) else {
        return html! { p.muted { "There is no lineage to draw." } };
    };
    let link = |at: usize| {
        picture
            .path(at)
            .map(|path| context.links.below(&path).to_string())
    };
    let drawn = picture.to_svg(&svg::Options {
        link: &link,
        id: "lineage",
        is_standalone: false,
    });
    html! {
        div.lineage-small tabindex="0" role="region" aria-label="Lineage" { (PreEscaped(drawn)) }
        p { a href=(context.links.lineage_of(&node.unique_id)) { "Open it in the large lineage" } }
    }
}
