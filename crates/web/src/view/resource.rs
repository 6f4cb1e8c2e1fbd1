//! Resources of dbt wherever they are named: glyph, name, link.

use std::borrow::Cow;

use maud::{Markup, html};
use tailwater_core::id::NodeId;
use tailwater_core::project::Node;
use tailwater_engine::catalog::Catalog;

use crate::context::Context;
use crate::view::glyph;
use crate::view::name::name;

/// The name by which people know a resource: a source with its schema's name, a model with its version, an exposure
/// by its label. Untrusted.
pub fn label(node: &Node) -> Cow<'_, str> {
    if let Some(label) = node
        .exposure
        .as_ref()
        .and_then(|exposure| exposure.label.as_deref())
    {
        return Cow::Borrowed(label);
    }
    if let Some(source) = &node.source_name {
        return Cow::Owned(format!("{source}.{}", node.name));
    }
    match &node.version {
        Some(version) => Cow::Owned(format!("{} v{version}", node.name)),
        None => Cow::Borrowed(&node.name),
    }
}

/// A resource as a link with its glyph.
pub fn link(context: &Context, node: &Node) -> Markup {
    html! {
        span.name { (glyph::of_kind(node.resource_type))
            a href=(context.links.node(node.resource_type, &node.unique_id)) { (name(&label(node))) }
        }
    }
}

/// The same for an id that the catalog may not know (any more): its last word without a link then.
pub fn link_by_id(context: &Context, catalog: &Catalog, id: &NodeId) -> Markup {
    let known = catalog.node(id.as_str());
    known.map_or_else(
        || html! { span.name { (name(id.as_str())) } },
        |node| link(context, node),
    )
}

/// Resources one below the other; a dash for none. Of many only the first are shown, and the rest counted.
pub fn list<'a>(context: &Context, nodes: impl IntoIterator<Item = &'a Node>) -> Markup {
    const SHOWN: usize = 50;
    let mut nodes = nodes.into_iter().peekable();
    if nodes.peek().is_none() {
        return html! { span.muted { "–" } };
    }
    let mut shown = Vec::new();
    let mut more = 0_usize;
    for node in nodes {
        if shown.len() < SHOWN {
            shown.push(node);
        } else {
            more += 1;
        }
    }
    html! {
        ul.plain-list {
            @for node in shown { li { (link(context, node)) } }
            @if more > 0 { li.muted { "and " (more) " more" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use tailwater_core::project::ResourceType;

    use super::*;

    #[test]
    fn people_know_sources_by_two_names_and_models_by_their_version() {
        let mut node = Node {
            name: "orders".to_owned(),
            ..Node::default()
        };
        assert_eq!(label(&node), "orders");
        node.version = Some("2".to_owned());
        assert_eq!(label(&node), "orders v2");
        node.version = None;
        node.resource_type = ResourceType::Source;
        node.source_name = Some("raw".to_owned());
        assert_eq!(label(&node), "raw.orders");
    }
}
