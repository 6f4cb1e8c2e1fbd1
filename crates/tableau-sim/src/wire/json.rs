//! Writing JSON.

use serde_json::{Map, Value, json};

use super::{Element, Scalar};

/// An answer in JSON: an object with a member per given element.
pub(crate) fn to_json(children: &[Element]) -> Value {
    let mut members = Map::new();
    for child in children {
        members.insert(child.name.to_owned(), value(child));
    }
    Value::Object(members)
}

fn value(element: &Element) -> Value {
    let mut members = Map::new();
    for (name, scalar) in &element.attributes {
        let value = match scalar {
            // Pagination is the place where real servers are known to quote numbers.
            Scalar::Number(number) if element.name == "pagination" => json!(number.to_string()),
            Scalar::Number(number) => json!(number),
            Scalar::Bool(value) => json!(value),
            Scalar::Text(text) => json!(text),
        };
        members.insert((*name).to_owned(), value);
    }
    if let Some(text) = &element.text {
        if members.is_empty() && element.children.is_empty() {
            return json!(text);
        }
        members.insert("value".to_owned(), json!(text));
    }
    for child in &element.children {
        let rendered = value(child);
        if element.is_list {
            let array = members.entry(child.name).or_insert_with(|| json!([]));
            if let Value::Array(items) = array {
                items.push(rendered);
            }
        } else {
            members.insert(child.name.to_owned(), rendered);
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_arrays_in_their_wrapper_and_vanish_when_empty() {
        let full = Element::list("tags", [Element::new("tag").with("label", "weekly")]);
        let empty = Element::list("views", []);
        assert_eq!(
            to_json(&[full, empty]),
            json!({"tags": {"tag": [{"label": "weekly"}]}, "views": {}})
        );
    }

    #[test]
    fn pagination_is_quoted_and_text_is_the_value() {
        let page = Element::new("pagination").with("pageNumber", 1u32);
        let version = Element::new("productVersion").with("build", "b").text("2025.1");
        let info = Element::new("serverInfo")
            .child(version)
            .child(Element::new("restApiVersion").text("3.25"));
        assert_eq!(
            to_json(&[page, info]),
            json!({
                "pagination": {"pageNumber": "1"},
                "serverInfo": {"productVersion": {"build": "b", "value": "2025.1"}, "restApiVersion": "3.25"},
            })
        );
    }
}
