//! Writing XML.

use super::Element;

/// An answer in XML: `tsResponse` around the given elements.
pub(crate) fn to_xml(version: &str, children: &[Element]) -> String {
    let mut text = String::with_capacity(512);
    text.push_str("<?xml version='1.0' encoding='UTF-8'?>");
    text.push_str(r#"<tsResponse xmlns="http://tableau.com/api" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" "#);
    text.push_str(
        "xsi:schemaLocation=\"http://tableau.com/api https://help.tableau.com/samples/en-us/rest_api/ts-api_",
    );
    escape(&version.replace('.', "_"), &mut text);
    text.push_str(".xsd\">");
    for child in children {
        write(child, &mut text);
    }
    text.push_str("</tsResponse>");
    text
}

fn write(element: &Element, text: &mut String) {
    text.push('<');
    text.push_str(element.name);
    for (name, value) in &element.attributes {
        text.push(' ');
        text.push_str(name);
        text.push_str("=\"");
        escape(&value.to_text(), text);
        text.push('"');
    }
    if element.children.is_empty() && element.text.is_none() {
        text.push_str("/>");
        return;
    }
    text.push('>');
    if let Some(content) = &element.text {
        escape(content, text);
    }
    for child in &element.children {
        write(child, text);
    }
    text.push_str("</");
    text.push_str(element.name);
    text.push('>');
}

/// Escapes markup and line ends, and drops what XML 1.0 can not hold at all.
fn escape(value: &str, text: &mut String) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // Attribute values would be normalised to spaces otherwise.
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            '\t' => text.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        let element = Element::new("workbook")
            .with("name", "A & <B> \"C\"\n\u{1}")
            .text("x<y");
        let text = to_xml("3.25", &[element]);
        assert!(
            text.contains(r#"<workbook name="A &amp; &lt;B&gt; &quot;C&quot;&#10;">x&lt;y</workbook>"#),
            "{text}"
        );
    }
}
