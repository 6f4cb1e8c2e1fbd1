//! What somebody may have meant by an id that does not exist (any more).

use tailwater_core::project::{Node, ResourceType};

use super::model::Catalog;
use crate::explain::nearest;

/// Longer texts are cut before they are compared, in characters: comparing takes time in proportion to both.
const LONGEST: usize = 120;

impl Catalog {
    /// The nodes of a kind whose ids are most like a text, best first; only those that are much like it. Kind and
    /// package do not count: what is compared is the rest of the id.
    pub fn nearest(&self, wanted: &str, kind: ResourceType, limit: usize) -> Vec<&Node> {
        let wanted: String = tail(wanted).chars().take(LONGEST).collect();
        let tails = self.nodes_of(kind).map(|node| tail(node.unique_id.as_str()));
        let names = nearest(&wanted, tails.map(str::to_owned), limit);
        let found = names.iter().filter_map(|name| {
            self.nodes_of(kind)
                .find(|node| tail(node.unique_id.as_str()) == name)
        });
        found.collect()
    }
}

/// An id without kind and package.
fn tail(id: &str) -> &str {
    id.splitn(3, '.').nth(2).unwrap_or(id)
}
