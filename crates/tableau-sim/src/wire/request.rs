//! Request bodies, in XML or JSON, as one kind of tree.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use super::Fault;

/// An element of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

impl Node {
    /// Reads `<tsRequest>…</tsRequest>`; namespaces and text are ignored.
    ///
    /// # Errors
    /// 400000 when it is not well-formed XML with that root.
    pub(crate) fn from_xml(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            let event = reader
                .read_event()
                .map_err(|error| Fault::bad_body(&error.to_string()))?;
            let closed = match event {
                Event::Start(start) => {
                    open.push(Self::of_tag(&start)?);
                    None
                }
                Event::Empty(start) => Some(Self::of_tag(&start)?),
                Event::End(_) => open.pop(),
                Event::Eof => break,
                _ => None,
            };
            if let Some(node) = closed {
                let parent = open
                    .last_mut()
                    .ok_or_else(|| Fault::bad_body("an element ends that never began"))?;
                parent.children.push(node);
            }
        }
        let [document] = open.as_mut_slice() else {
            return Err(Fault::bad_body("an element is not closed"));
        };
        match document.children.pop() {
            Some(root) if root.name == "tsRequest" => Ok(root),
            _ => Err(Fault::bad_body("the root is not tsRequest")),
        }
    }

    fn of_tag(tag: &BytesStart<'_>) -> Result<Self, Fault> {
        let local = tag.local_name();
        let name = local.as_ref().to_owned();
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| Fault::bad_body(&error.to_string()))?;
            let key = attribute.key.local_name().as_ref().to_owned();
            let value = unescape(&attribute.value)
                .map_err(|error| Fault::bad_body(&error.to_string()))?
                .into_owned();
            attributes.push((key, value));
        }
        Ok(Self {
            name,
            attributes,
            children: Vec::new(),
        })
    }

    /// Reads a JSON body, whose members stand where XML has attributes and children of `tsRequest`.
    ///
    /// # Errors
    /// 400000 when it is not a JSON object.
    pub(crate) fn from_json(text: &str) -> Result<Self, Fault> {
        let value: Value = serde_json::from_str(text).map_err(|error| Fault::bad_body(&error.to_string()))?;
        if !value.is_object() {
            return Err(Fault::bad_body("the body is not an object"));
        }
        Ok(Self::of_value("tsRequest", &value))
    }

    fn of_value(name: &str, value: &Value) -> Self {
        let mut node = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        if let Value::Object(members) = value {
            for (member, value) in members {
                match value {
                    Value::Object(_) => node.children.push(Self::of_value(member, value)),
                    Value::Array(items) => {
                        node.children
                            .extend(items.iter().map(|item| Self::of_value(member, item)));
                    }
                    Value::String(text) => node.attributes.push((member.clone(), text.clone())),
                    Value::Null => {}
                    other => node.attributes.push((member.clone(), other.to_string())),
                }
            }
        }
        node
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name.
    pub(crate) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// All children.
    pub(crate) fn all_children(&self) -> &[Self] {
        &self.children
    }

    /// The first child of that name, which must be there.
    ///
    /// # Errors
    /// 400000 when it is not.
    pub(crate) fn required(&self, name: &str) -> Result<&Self, Fault> {
        self.child(name)
            .ok_or_else(|| Fault::bad_body(&format!("'{name}' is missing")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_read_alike() {
        let xml = r#"<tsRequest><tags><tag label="a &amp; b"/><tag label="c"/></tags></tsRequest>"#;
        let json = r#"{"tags": {"tag": [{"label": "a & b"}, {"label": "c"}]}}"#;
        let node = Node::from_xml(xml).unwrap();
        assert_eq!(node, Node::from_json(json).unwrap());
        let labels: Vec<_> = node
            .child("tags")
            .unwrap()
            .children("tag")
            .map(|tag| tag.attribute("label"))
            .collect();
        assert_eq!(labels, [Some("a & b"), Some("c")]);
    }

    #[test]
    fn prefixes_do_not_matter() {
        let xml = r#"<t:tsRequest xmlns:t="http://tableau.com/api"><t:site contentUrl="x"/></t:tsRequest>"#;
        assert_eq!(
            Node::from_xml(xml)
                .unwrap()
                .child("site")
                .unwrap()
                .attribute("contentUrl"),
            Some("x")
        );
    }

    #[test]
    fn broken_bodies_are_400000() {
        for text in [
            "",
            "<tsRequest>",
            "</tsRequest>",
            "<other/>",
            "<tsRequest a=\"&bad;\"/>",
        ] {
            assert_eq!(Node::from_xml(text).unwrap_err().code, 400_000, "{text}");
        }
        for text in ["", "[]", "{"] {
            assert_eq!(Node::from_json(text).unwrap_err().code, 400_000, "{text}");
        }
    }
}
