//! One element of an answer, before it becomes XML or JSON.
//!
//! Tableau's JSON is a mechanical rendering of its XML: attributes and children both become members, a
//! repeated child sits in an array under its singular name inside its plural wrapper.

use chrono::{DateTime, SecondsFormat, Utc};

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Text(String),
    Bool(bool),
    Number(u64),
}

impl Scalar {
    /// As XML writes it, and as filters compare it.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Scalar {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Scalar {
    fn from(value: u32) -> Self {
        Self::Number(u64::from(value))
    }
}

impl From<u64> for Scalar {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<uuid::Uuid> for Scalar {
    fn from(value: uuid::Uuid) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<DateTime<Utc>> for Scalar {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Text(timestamp(value))
    }
}

/// An instant as Tableau writes it: UTC with seconds and no fraction.
pub(crate) fn timestamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An element with attributes, children and perhaps text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: &'static str,
    pub(crate) attributes: Vec<(&'static str, Scalar)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: Option<String>,
    /// Children form a list: JSON gets an array even for one of them.
    pub(crate) is_list: bool,
}

impl Element {
    /// An empty element.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            children: Vec::new(),
            text: None,
            is_list: false,
        }
    }

    /// A wrapper around any number of equal children.
    pub(crate) fn list(name: &'static str, children: impl IntoIterator<Item = Element>) -> Self {
        Self {
            children: children.into_iter().collect(),
            is_list: true,
            ..Self::new(name)
        }
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Scalar>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds an attribute when there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Scalar>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a child.
    pub(crate) fn child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    /// Adds a child when there is one.
    pub(crate) fn child_some(self, child: Option<Element>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    /// Sets the text.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}
