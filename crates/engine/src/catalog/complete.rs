//! Completing the word at the cursor of a selector.

use std::collections::BTreeSet;

use tailwater_core::selector::Method;

use super::model::Catalog;

/// A name that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What to write.
    pub value: String,
    /// `method`, `tag`, or dbt's word for the kind of resource.
    pub kind: &'static str,
    /// The name for people, where it is another.
    pub label: Option<String>,
}

impl Catalog {
    /// Names, methods and tags that begin with the text, in any case, then those that hold it; at most `limit`.
    /// Of names that several resources share each is offered once.
    pub fn complete_selector(&self, text: &str, limit: usize) -> Vec<Suggestion> {
        let text = text.trim().to_lowercase();
        if let Some(tag) = text.strip_prefix("tag:") {
            return self.complete_tag(tag, limit);
        }
        let methods = Method::ALL.iter().map(|method| format!("{}:", method.name()));
        let methods = methods
            .filter(|method| method.starts_with(&text))
            .map(|value| Suggestion {
                value,
                kind: "method",
                label: None,
            });
        let mut seen = BTreeSet::new();
        let (mut first, mut later) = (Vec::new(), Vec::new());
        for node in self.nodes() {
            let label = node
                .exposure
                .as_ref()
                .and_then(|exposure| exposure.label.as_deref());
            let name = node.name.to_lowercase();
            let begins = name.starts_with(&text);
            let is_meant = begins
                || name.contains(&text)
                || label.is_some_and(|label| label.to_lowercase().contains(&text));
            if !is_meant || !seen.insert(&node.name) {
                continue;
            }
            let suggestion = Suggestion {
                value: node.name.clone(),
                kind: node.resource_type.name(),
                label: label.filter(|label| *label != node.name).map(str::to_owned),
            };
            if begins { &mut first } else { &mut later }.push(suggestion);
            if first.len() == limit {
                break;
            }
        }
        // Tests have the longest names and are asked for least.
        first.sort_by_key(|suggestion| suggestion.kind.contains("test"));
        // An empty word is completed by what most people forget: the methods.
        let (front, back): (Vec<_>, Vec<_>) = if text.is_empty() {
            (methods.collect(), first)
        } else {
            (first, methods.collect())
        };
        front.into_iter().chain(back).chain(later).take(limit).collect()
    }

    fn complete_tag(&self, text: &str, limit: usize) -> Vec<Suggestion> {
        let tags: BTreeSet<&str> = self
            .nodes()
            .flat_map(|node| &node.tags)
            .map(String::as_str)
            .collect();
        let tags = tags
            .into_iter()
            .filter(|tag| tag.to_lowercase().starts_with(text));
        tags.take(limit)
            .map(|tag| Suggestion {
                value: format!("tag:{tag}"),
                kind: "tag",
                label: None,
            })
            .collect()
    }
}
