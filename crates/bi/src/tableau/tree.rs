//! One tolerant shape for REST answers, whether they came as XML or as JSON.
//!
//! Tableau's JSON is a mechanical rendering of its XML: attributes and child elements both become
//! members, a repeated child becomes an array. XML is brought into the same shape here, so that one set
//! of readers serves both:
//!
//! ```text
//! <project id="1"><owner id="7"/></project>   ─▶   {"project": {"id": "1", "owner": {"id": "7"}}}
//! ```
//!
//! Readers ask a [`Node`] for what they need and get `None` for what is missing or of another kind:
//! numbers and booleans may be quoted, lists may be `{}`, `[]`, `null` or a single object.

use chrono::{DateTime, Utc};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

use crate::error::tame;
use crate::http::Answer;

/// What a body turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// An answer in Tableau's shape, without the `tsResponse` around it.
    Tree(Value),
    /// A page for people, or XML of another kind.
    Foreign,
    /// Nothing at all.
    Empty,
    /// Neither XML nor JSON, or broken; says why.
    Broken(String),
}

/// Elements nested deeper than this are not Tableau's.
const DEEPEST: usize = 64;

/// Reads a body by its first character, since proxies change content types.
pub(crate) fn read_body(answer: &Answer) -> Body {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.chars().next() {
        None => Body::Empty,
        Some('<') => read_xml(text),
        Some('{' | '[') => match serde_json::from_str(text) {
            Ok(value) => Body::Tree(without_envelope(value)),
            Err(error) => Body::Broken(format!("broken JSON at line {}", error.line())),
        },
        Some(_) => Body::Foreign,
    }
}

fn without_envelope(mut value: Value) -> Value {
    match value.get_mut("tsResponse") {
        Some(inner) => inner.take(),
        None => value,
    }
}

/// An element whose end has not come yet.
struct Open {
    name: String,
    members: Map<String, Value>,
    text: String,
}

impl Open {
    fn new(start: &BytesStart<'_>) -> Self {
        let mut members = Map::new();
        for attribute in start.attributes().with_checks(false).flatten() {
            let name = attribute.key.local_name().as_ref().to_owned();
            let is_declaration = attribute.key.as_ref().starts_with("xmlns");
            if is_declaration {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_or_else(|_| attribute.value.to_string(), std::borrow::Cow::into_owned);
            members.insert(name, Value::String(value));
        }
        Self {
            name: start.local_name().as_ref().to_owned(),
            members,
            text: String::new(),
        }
    }

    fn into_value(mut self) -> Value {
        let text = self.text.trim();
        if text.is_empty() {
            return Value::Object(self.members);
        }
        let text = Value::String(text.to_owned());
        if self.members.is_empty() {
            return text;
        }
        self.members.insert("value".to_owned(), text);
        Value::Object(self.members)
    }

    fn add_child(&mut self, name: String, value: Value) {
        match self.members.get_mut(&name) {
            None => {
                self.members.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}

fn read_xml(text: &str) -> Body {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) if looks_like_html(text) => return Body::Foreign,
            Err(error) => {
                let at = reader.error_position();
                return Body::Broken(format!("broken XML at byte {at}: {}", tame(&error.to_string())));
            }
        };
        let closed = match event {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Body::Broken("XML nested too deep".to_owned());
                }
                open.push(Open::new(&start));
                None
            }
            Event::Empty(start) => Some(Open::new(&start)),
            Event::End(_) => open.pop(),
            Event::Text(piece) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&piece.xml10_content());
                }
                None
            }
            Event::CData(piece) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&piece.xml10_content());
                }
                None
            }
            Event::GeneralRef(reference) => {
                if let Some(current) = open.last_mut() {
                    push_reference(&mut current.text, &reference);
                }
                None
            }
            Event::Eof => {
                return if looks_like_html(text) {
                    Body::Foreign
                } else {
                    Body::Broken("the XML ends too early".to_owned())
                };
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        if let Some(element) = closed {
            let name = element.name.clone();
            match open.last_mut() {
                Some(parent) => parent.add_child(name, element.into_value()),
                None if name == "tsResponse" => return Body::Tree(element.into_value()),
                None => return Body::Foreign,
            }
        }
    }
}

fn push_reference(text: &mut String, reference: &quick_xml::events::BytesRef<'_>) {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        text.push(character);
        return;
    }
    let name: &str = reference;
    if let Some(resolved) = quick_xml::escape::resolve_predefined_entity(name) {
        text.push_str(resolved);
    }
}

fn looks_like_html(text: &str) -> bool {
    let mut start: String = text.chars().take(200).collect();
    start.make_ascii_lowercase();
    start.contains("<!doctype html") || start.contains("<html") || start.contains("<head")
}

/// A place in an answer, which may not be there at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    pub(crate) const fn new(value: &'a Value) -> Self {
        Self(Some(value))
    }

    /// A member of an object. Where Tableau sends a list of one for a single object, its first entry.
    pub(crate) fn member(self, name: &str) -> Self {
        Self(self.0.and_then(|value| match value {
            Value::Object(members) => members.get(name),
            Value::Array(values) => values.first().and_then(|first| first.get(name)),
            _ => None,
        }))
    }

    /// Whether there is anything here.
    pub(crate) fn is_there(self) -> bool {
        self.0.is_some_and(|value| !value.is_null())
    }

    /// Text, also where a number or boolean stands; `None` when it is empty.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        let text = match self.member(name).0? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Object(members) => members.get("value")?.as_str()?.to_owned(),
            Value::Null | Value::Array(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// A whole number, quoted or not.
    pub(crate) fn number(self, name: &str) -> Option<u64> {
        match self.member(name).0? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A boolean, quoted or not.
    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        match self.member(name).0? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// An instant as Tableau writes it, `2025-03-04T05:06:07Z`.
    pub(crate) fn instant(self, name: &str) -> Option<DateTime<Utc>> {
        parse_instant(&self.text(name)?)
    }

    /// The entries of a list in any of its forms: `{plural: {singular: […]}}`, `{plural: […]}`,
    /// `{plural: {singular: {…}}}`, `{plural: {}}`, or missing. Null entries are there as such.
    pub(crate) fn list(self, plural: &str, singular: &str) -> Vec<Self> {
        let Some(list) = self.member(plural).0 else {
            return Vec::new();
        };
        let inner = match list {
            Value::Object(members) => match members.get(singular) {
                Some(inner) => inner,
                // An object that is no wrapper is the only entry itself.
                None if members.contains_key("id") => list,
                None => return Vec::new(),
            },
            other => other,
        };
        match inner {
            Value::Array(values) => values.iter().map(Self::new).collect(),
            Value::Object(members) if members.is_empty() => Vec::new(),
            Value::Object(_) => vec![Self::new(inner)],
            _ => Vec::new(),
        }
    }
}

/// Reads an instant with or without fractions of a second; anything else is unknown.
pub(crate) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim())
        .ok()
        .map(|instant| instant.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderMap;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn body(text: &str) -> Body {
        read_body(&Answer {
            status: 200,
            headers: HeaderMap::new(),
            body: text.as_bytes().to_vec(),
        })
    }

    #[test]
    fn xml_takes_the_shape_of_json() {
        let xml = r#"<?xml version='1.0' encoding='UTF-8'?>
            <tsResponse xmlns="http://tableau.com/api" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                xsi:schemaLocation="http://tableau.com/api https://help.tableau.com/ts-api_2_4.xsd">
              <serverInfo>
                <productVersion build="20251.25.0413.1022">2025.1.2</productVersion>
                <restApiVersion>3.25</restApiVersion>
              </serverInfo>
            </tsResponse>"#;
        let expected = json!({
            "schemaLocation": "http://tableau.com/api https://help.tableau.com/ts-api_2_4.xsd",
            "serverInfo": {
                "productVersion": {"value": "2025.1.2", "build": "20251.25.0413.1022"},
                "restApiVersion": "3.25",
            },
        });
        assert_eq!(body(xml), Body::Tree(expected));
    }

    #[test]
    fn prefixes_and_escapes_do_not_matter() {
        let xml = r#"<ns0:tsResponse xmlns:ns0="http://tableau.com/api"><ns0:projects>
            <ns0:project id="1" name="R&amp;D &lt;&#x41;&gt;"/><ns0:project id="2"><ns0:note>a &amp; b<![CDATA[ <c>]]></ns0:note></ns0:project>
            </ns0:projects></ns0:tsResponse>"#;
        let expected = json!({"projects": {"project": [
            {"id": "1", "name": "R&D <A>"},
            {"id": "2", "note": "a & b <c>"},
        ]}});
        assert_eq!(body(xml), Body::Tree(expected));
    }

    #[rstest]
    #[case("", Body::Empty)]
    #[case("  \n", Body::Empty)]
    #[case(
        "<!DOCTYPE html><html><head><meta></head><body>Sign in</body></html>",
        Body::Foreign
    )]
    #[case("<html><body>Sign in</body></html>", Body::Foreign)]
    #[case("<html><br>", Body::Foreign)]
    #[case("<feed><entry/></feed>", Body::Foreign)]
    #[case("OK", Body::Foreign)]
    fn other_bodies_are_told_apart(#[case] text: &str, #[case] expected: Body) {
        assert_eq!(body(text), expected);
    }

    #[rstest]
    #[case("<tsResponse><projects>")]
    #[case("{\"projects\": ")]
    #[case("<tsResponse><a></b></tsResponse>")]
    fn broken_bodies_say_so(#[case] text: &str) {
        assert!(matches!(body(text), Body::Broken(_)), "{:?}", body(text));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(matches!(body(&"<a>".repeat(100_000)), Body::Broken(_)));
        assert!(matches!(body(&"[".repeat(100_000)), Body::Broken(_)));
    }

    #[rstest]
    #[case(json!({"views": {"view": [{"id": "1"}, {"id": "2"}]}}), 2)]
    #[case(json!({"views": {"view": {"id": "1"}}}), 1)]
    #[case(json!({"views": [{"id": "1"}, {"id": "2"}]}), 2)]
    #[case(json!({"views": {"id": "1"}}), 1)]
    #[case(json!({"views": {}}), 0)]
    #[case(json!({"views": []}), 0)]
    #[case(json!({"views": null}), 0)]
    #[case(json!({"views": {"view": null}}), 0)]
    #[case(json!({"views": "none"}), 0)]
    #[case(json!({}), 0)]
    #[case(json!({"views": {"view": [{"id": "1"}, null]}}), 2)]
    fn lists_are_read_in_every_form(#[case] value: Value, #[case] entries: usize) {
        assert_eq!(Node::new(&value).list("views", "view").len(), entries);
    }

    #[test]
    fn numbers_and_booleans_may_be_quoted() {
        let value = json!({"a": "42", "b": 42, "c": "true", "d": false, "e": "x", "f": null, "g": -1});
        let node = Node::new(&value);
        assert_eq!((node.number("a"), node.number("b")), (Some(42), Some(42)));
        assert_eq!((node.flag("c"), node.flag("d")), (Some(true), Some(false)));
        assert_eq!(
            (node.number("e"), node.flag("e"), node.text("f")),
            (None, None, None)
        );
        assert_eq!((node.number("g"), node.text("b").as_deref()), (None, Some("42")));
    }

    #[rstest]
    #[case("2025-03-04T05:06:07Z", true)]
    #[case("2025-03-04T05:06:07.123Z", true)]
    #[case("2025-03-04 05:06", false)]
    fn instants_are_read_or_unknown(#[case] text: &str, #[case] is_read: bool) {
        assert_eq!(parse_instant(text).is_some(), is_read);
    }

    #[test]
    fn names_in_broken_xml_do_not_get_into_messages_as_they_are() {
        let text = format!("<tsResponse><a\u{1b}[2J></b{}></tsResponse>", "y".repeat(3000));
        let Body::Broken(reason) = body(&text) else {
            panic!("broken");
        };
        assert!(
            reason.len() < 400 && !reason.contains(char::is_control),
            "{reason:?}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_body(&Answer { status: 200, headers: HeaderMap::new(), body: bytes });
        }

        #[test]
        fn anything_like_markup_is_read_without_panic(text in "[<>/a-c\"'&;= !\\[\\]\\-#x0-9{}:,]{0,120}") {
            let _ = body(&text);
            let _ = body(&format!("<tsResponse>{text}</tsResponse>"));
        }
    }
}
