//! Every address that a page or an answer names is made here, so that the product can sit below a path
//! behind a proxy and no name of a resource is ever put into an address unescaped.

use std::fmt::Write as _;
use std::sync::Arc;

use tailwater_core::id::{IntegrationName, NodeId};
use tailwater_core::percent::percent_encoded;
use tailwater_core::project::ResourceType;

/// Makes addresses below the base path, in the environment that the visitor looks at.
#[derive(Debug, Clone)]
pub struct Links {
    base: Arc<str>,
    environment: Option<Arc<str>>,
}

impl Links {
    /// Links below a base path: empty, or starting with a slash and not ending with one.
    pub fn new(base: Arc<str>) -> Self {
        Self {
            base,
            environment: None,
        }
    }

    /// The same, carrying `?env=` along.
    pub fn in_environment(mut self, environment: Option<&str>) -> Self {
        self.environment = environment.map(Arc::from);
        self
    }

    /// The base path itself: empty, or starting with a slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A fixed page, such as `/exposures`.
    pub fn to(&self, path: &'static str) -> Address {
        self.address().with(path)
    }

    /// A page of one resource of dbt: `/models/{id}`.
    pub fn node(&self, kind: ResourceType, id: &NodeId) -> Address {
        if collection_of(kind) == OTHERS {
            // Analyses, operations and functions have no page of their own: their surroundings say most of them.
            return self.lineage_of(id);
        }
        self.address()
            .with("/")
            .with(collection_of(kind))
            .segment(id.as_str())
    }

    /// A page of a resource of which only the id is known: its kind is the id's first word.
    pub fn resource(&self, id: &NodeId) -> Address {
        let word = id.as_str().split('.').next().unwrap_or_default();
        if let Some(kind) = ResourceType::from_name(word) {
            return self.node(kind, id);
        }
        let collection = if word == "macro" { "macros" } else { "models" };
        self.address().with("/").with(collection).segment(id.as_str())
    }

    /// An exposure's page.
    pub fn exposure(&self, id: &NodeId) -> Address {
        self.node(ResourceType::Exposure, id)
    }

    /// An exposure's tile, in no particular environment.
    pub fn tile(&self, id: &NodeId, signature: &str) -> Address {
        let address = self
            .address()
            .anywhere()
            .with("/embed/exposures")
            .segment(id.as_str());
        address.query("sig", signature)
    }

    /// An integration's page.
    pub fn integration(&self, name: &IntegrationName) -> Address {
        self.address().with("/integrations").segment(name.as_str())
    }

    /// A page of which core knows the path, percent-encoded and starting with a slash.
    pub fn below(&self, path: &str) -> Address {
        let mut address = self.address();
        address.text.push_str(path);
        address
    }

    /// The lineage around a node; from it to the dashboards with `preset=impact`.
    pub fn lineage_of(&self, id: &NodeId) -> Address {
        self.address().with("/lineage").query("focus", id.as_str())
    }

    /// The lineage of what a selector chooses.
    pub fn lineage(&self, select: &str) -> Address {
        self.address().with("/lineage").query("select", select)
    }

    /// A file of the program's own, at an address that changes with its content.
    pub fn asset(&self, path: &'static str) -> String {
        crate::asset::address(&self.base, path)
    }

    fn address(&self) -> Address {
        Address {
            text: self.base.to_string(),
            has_query: false,
            environment: self.environment.clone(),
        }
    }
}

/// Stands for the kinds that have neither a list nor pages.
const OTHERS: &str = "others";

/// The plural under which resources of a kind are listed.
pub const fn collection_of(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Model => "models",
        ResourceType::Source => "sources",
        ResourceType::Seed => "seeds",
        ResourceType::Snapshot => "snapshots",
        ResourceType::Test | ResourceType::UnitTest => "tests",
        ResourceType::Metric => "metrics",
        ResourceType::SemanticModel => "semantic-models",
        ResourceType::SavedQuery => "saved-queries",
        ResourceType::Exposure => "exposures",
        ResourceType::Analysis
        | ResourceType::Operation
        | ResourceType::SqlOperation
        | ResourceType::Function => OTHERS,
    }
}

/// An address under construction. Shows itself with the environment at its end.
#[derive(Debug, Clone)]
pub struct Address {
    text: String,
    has_query: bool,
    environment: Option<Arc<str>>,
}

impl Address {
    fn with(mut self, fixed: &'static str) -> Self {
        self.text.push_str(fixed);
        self
    }

    /// Adds a slash and a segment that is anything.
    pub fn segment(mut self, text: &str) -> Self {
        self.text.push('/');
        // A segment of dots alone would be taken for a directory by browsers, escaped or not. Nothing is named so.
        if matches!(text, "." | "..") {
            self.text.push('-');
        } else {
            self.text.extend(percent_encoded(text));
        }
        self
    }

    /// Adds a fixed rest, such as `/columns`.
    pub fn then(self, fixed: &'static str) -> Self {
        self.with(fixed)
    }

    /// Adds a parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.extend(percent_encoded(name));
        self.text.push('=');
        self.text.extend(percent_encoded(value));
        self
    }

    /// Adds a parameter when there is a value that says something.
    pub fn query_if(self, name: &str, value: Option<&str>) -> Self {
        match value.filter(|value| !value.is_empty()) {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The same in no particular environment: for addresses that are not looked at, such as what a form is sent to.
    pub fn anywhere(mut self) -> Self {
        self.environment = None;
        self
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bare base is the home page.
        formatter.write_str(if self.text.is_empty() { "/" } else { &self.text })?;
        if let Some(environment) = &self.environment {
            formatter.write_char(if self.has_query { '&' } else { '?' })?;
            write!(formatter, "env={}", percent_encoded(environment))?;
        }
        Ok(())
    }
}

impl maud::Render for Address {
    fn render_to(&self, buffer: &mut String) {
        maud::Render::render_to(&self.to_string(), buffer);
    }
}

/// Where to go after signing in: the given address when it is one of ours, else the home page.
///
/// Anything that a browser could take for another host is refused: `//host`, `/\host`, `https:…`, control characters.
pub fn local_or_home(links: &Links, next: Option<&str>) -> String {
    let is_ours = |next: &&str| {
        let below = next.strip_prefix(links.base()).unwrap_or_default();
        below.starts_with('/')
            && !below.starts_with("//")
            && !next.starts_with("//")
            && !next.contains('\\')
            && !leaves_its_place(next)
            && !next.chars().any(char::is_control)
    };
    match next.filter(is_ours) {
        Some(next) => next.to_owned(),
        None => links.to("/").to_string(),
    }
}

/// Whether a segment of dots leads out of where the address seems to be.
fn leaves_its_place(address: &str) -> bool {
    let path = address
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    path.replace("%2e", ".")
        .split('/')
        .any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn links(base: &str) -> Links {
        Links::new(base.into())
    }

    #[test]
    fn everything_stands_below_the_base_path() {
        let links = links("/catalog");
        assert_eq!(links.to("/exposures").to_string(), "/catalog/exposures");
        assert_eq!(links.to("/").to_string(), "/catalog/");
        assert_eq!(
            links
                .exposure(&"exposure.shop.a b/c".into())
                .then("/yaml")
                .to_string(),
            "/catalog/exposures/exposure.shop.a%20b%2Fc/yaml"
        );
    }

    #[test]
    fn names_cannot_leave_their_place() {
        let links = links("");
        assert_eq!(links.integration(&"..".into()).to_string(), "/integrations/-");
        assert_eq!(
            links.lineage("a+ &x=1#\"").to_string(),
            "/lineage?select=a%2B%20%26x%3D1%23%22"
        );
    }

    #[test]
    fn the_environment_is_carried_along() {
        let links = links("").in_environment(Some("dev"));
        assert_eq!(links.to("/models").to_string(), "/models?env=dev");
        assert_eq!(
            links
                .lineage("x")
                .query_if("down", Some("1"))
                .query_if("up", None)
                .to_string(),
            "/lineage?select=x&down=1&env=dev"
        );
        assert_eq!(links.to("/sign-out").anywhere().to_string(), "/sign-out");
    }

    #[rstest]
    #[case(Some("/catalog/models?x=1"), "/catalog/models?x=1")]
    #[case(Some("//evil.example"), "/catalog/")]
    #[case(Some("/catalog//evil.example"), "/catalog/")]
    #[case(Some("/catalog/\\evil.example"), "/catalog/")]
    #[case(Some("https://evil.example"), "/catalog/")]
    #[case(Some("/catalog/../elsewhere"), "/catalog/")]
    #[case(Some("/catalog/%2E%2e/elsewhere"), "/catalog/")]
    #[case(Some("/catalog/search?q=../.."), "/catalog/search?q=../..")]
    #[case(Some("/catalogue"), "/catalog/")]
    #[case(Some("/catalog/\n"), "/catalog/")]
    #[case(None, "/catalog/")]
    fn after_signing_in_nobody_is_sent_elsewhere(#[case] next: Option<&str>, #[case] expected: &str) {
        assert_eq!(local_or_home(&links("/catalog"), next), expected);
    }
}
