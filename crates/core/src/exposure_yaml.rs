//! An exposure as dbt's YAML, to be copied into a project.
//!
//! ```yaml
//! version: 2
//!
//! exposures:
//!   - name: weekly_sales
//!     label: "Weekly sales"
//!     type: dashboard
//!     url: "https://bi.example/#/workbooks/17"
//!     depends_on:
//!       - ref('fct_orders')
//!       - source('raw', 'orders')
//!     owner:
//!       name: "Ann"
//!     config:
//!       tags: ["finance"]
//!       meta: {"tailwater": {"id": "9df3…"}}
//! ```
//!
//! The text is the same for the same exposure. Names come from a BI tool and may hold anything: they stand in
//! double quotes with JSON's escapes, which are YAML's too, and what dbt would take for Jinja is wrapped so that
//! dbt renders it as it was.

use std::fmt::Write as _;

use crate::exposure::Exposure;
use crate::id::NodeId;
use crate::project::{Node, ResourceType};

/// The YAML of one exposure. `find` looks nodes up, `package` is the dbt package in which the text is to stand.
pub fn to_yaml<'n>(exposure: &Exposure, package: &str, find: impl Fn(&NodeId) -> Option<&'n Node>) -> String {
    let mut text = String::from("version: 2\n\nexposures:\n");
    // A name is of dbt's alphabet, but `null`, `1_0` and the like mean something else in YAML.
    line(&mut text, 2, "- name", &quoted_if_needed(&exposure.name));
    line(&mut text, 4, "label", &quoted(&exposure.label));
    line(&mut text, 4, "type", &quoted_if_needed(&exposure.kind));
    if let Some(maturity) = &exposure.maturity {
        line(&mut text, 4, "maturity", &quoted_if_needed(maturity));
    }
    if let Some(url) = &exposure.url {
        line(&mut text, 4, "url", &quoted(url));
    }
    if let Some(description) = &exposure.description {
        line(&mut text, 4, "description", &quoted(description));
    }
    let mut references = Vec::new();
    let mut unknown = Vec::new();
    for id in &exposure.depends_on {
        match find(id).and_then(|node| reference(node, package)) {
            Some(reference) => references.push(reference),
            None => unknown.push(id),
        }
    }
    if !references.is_empty() {
        text.push_str("    depends_on:\n");
        for reference in references {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "      - {reference}");
        }
    }
    for id in unknown {
        let _ = writeln!(text, "    # not in the manifest: {}", quoted(id.as_str()));
    }
    text.push_str("    owner:\n");
    let owner = &exposure.owner;
    // dbt wants one of the two.
    if owner.name.is_some() || owner.email.is_none() {
        let name = owner.name.as_deref().unwrap_or("unknown");
        line(&mut text, 6, "name", &quoted(name));
    }
    if let Some(email) = &owner.email {
        line(&mut text, 6, "email", &quoted(email));
    }
    if !exposure.tags.is_empty() || exposure.workbook.is_some() {
        text.push_str("    config:\n");
    }
    if !exposure.tags.is_empty() {
        let tags: Vec<String> = exposure.tags.iter().map(|tag| quoted(tag)).collect();
        line(&mut text, 6, "tags", &format!("[{}]", tags.join(", ")));
    }
    if let Some(workbook) = &exposure.workbook {
        let meta = format!("{{\"tailwater\": {{\"id\": {}}}}}", quoted(&workbook.luid));
        line(&mut text, 6, "meta", &meta);
    }
    text
}

fn line(text: &mut String, indent: usize, key: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{key}: {value}", "");
}

/// How dbt refers to a node; `None` for what an exposure cannot depend on in YAML.
fn reference(node: &Node, package: &str) -> Option<String> {
    let word = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let call = match node.resource_type {
        ResourceType::Source => {
            let source = node.source_name.as_deref()?;
            format!("source({}, {})", word(source), word(&node.name))
        }
        ResourceType::Metric => format!("metric({})", word(&node.name)),
        ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot => {
            let mut arguments = Vec::new();
            if node.package != package {
                arguments.push(word(&node.package));
            }
            arguments.push(word(&node.name));
            if let Some(version) = &node.version {
                let is_number = version.chars().all(|character| character.is_ascii_digit());
                let version = if is_number { version.clone() } else { word(version) };
                arguments.push(format!("v={version}"));
            }
            format!("ref({})", arguments.join(", "))
        }
        _ => return None,
    };
    // Plain while it is plain: dbt's own documentation writes it so.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-.()', =".contains(character);
    Some(if call.chars().all(is_plain) {
        call
    } else {
        as_json(&call)
    })
}

/// A word that YAML takes for a text as it stands, else in quotes.
fn quoted_if_needed(word: &str) -> String {
    const MEANT_OTHERWISE: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_plain = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !MEANT_OTHERWISE.contains(&word.to_ascii_lowercase().as_str());
    if is_plain { word.to_owned() } else { quoted(word) }
}

/// In double quotes, with Jinja's openings wrapped so that dbt renders them as they are.
fn quoted(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('{', Some(next @ ('{' | '%' | '#'))) => {
                let _ = write!(tamed, "{{{{ '{{{next}' }}}}");
                characters.next();
            }
            _ => tamed.push(character),
        }
    }
    as_json(&tamed)
}

/// JSON's form of a text, in which nothing is left that a YAML reader takes for a line's end, a mark of order or a
/// character that cannot be printed.
fn as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Marks of direction would turn the text around them; the others end lines or are not printable.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            character if character.is_control() || matches!(u32::from(character), 0xfffe | 0xffff) => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            character => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exposure::Workbook;
    use crate::manual::from_node;
    use crate::project::{Project, ProjectMetadata};

    fn node(kind: ResourceType, package: &str, name: &str) -> Node {
        Node {
            unique_id: NodeId::new(format!("{}.{package}.{name}", kind.name())),
            resource_type: kind,
            package: package.to_owned(),
            name: name.to_owned(),
            ..Node::default()
        }
    }

    fn exposure(label: &str) -> Exposure {
        let project = Project::new("p".into(), ProjectMetadata::default(), vec![], vec![]);
        Exposure {
            label: label.to_owned(),
            kind: "dashboard".to_owned(),
            ..from_node(&project, &node(ResourceType::Exposure, "p", "weekly_sales"))
        }
    }

    #[test]
    fn an_exposure_is_written_as_dbt_reads_it() {
        let mut source = node(ResourceType::Source, "p", "orders");
        source.source_name = Some("raw's".to_owned());
        let mut versioned = node(ResourceType::Model, "p", "dim");
        versioned.version = Some("2".to_owned());
        let nodes = [
            node(ResourceType::Model, "p", "fct"),
            node(ResourceType::Model, "other", "fct"),
            source,
            versioned,
        ];
        let mut exposure = exposure("Weekly \"sales\": {{ wb }} # {% x %}\n\u{202e}");
        exposure.maturity = Some("high".to_owned());
        exposure.owner.email = Some("a@b".to_owned());
        exposure.tags = ["finance".to_owned()].into();
        exposure.depends_on = nodes.iter().map(|node| node.unique_id.clone()).collect();
        exposure.depends_on.insert("model.p.gone".into());
        exposure.workbook = Some(Workbook {
            luid: "9df3".to_owned(),
            project_path: String::new(),
            total_views: None,
            created_at: None,
            updated_at: None,
        });
        let find = |id: &NodeId| nodes.iter().find(|node| node.unique_id == *id);
        insta::assert_snapshot!(to_yaml(&exposure, "p", find), @r#"
        version: 2

        exposures:
          - name: weekly_sales
            label: "Weekly \"sales\": {{ '{{' }} wb }} # {{ '{%' }} x %}\n\u202e"
            type: dashboard
            maturity: high
            depends_on:
              - ref('other', 'fct')
              - ref('dim', v=2)
              - ref('fct')
              - "source('raw\\'s', 'orders')"
            # not in the manifest: "model.p.gone"
            owner:
              email: "a@b"
            config:
              tags: ["finance"]
              meta: {"tailwater": {"id": "9df3"}}
        "#);
    }

    #[test]
    fn words_with_a_meaning_of_their_own_are_quoted() {
        assert_eq!(quoted_if_needed("null"), "\"null\"");
        assert_eq!(quoted_if_needed("_2024"), "\"_2024\"");
        assert_eq!(quoted_if_needed("orders"), "orders");
    }

    proptest! {
        #[test]
        fn any_text_stays_on_its_line_and_is_read_back(label in any::<String>()) {
            let yaml = to_yaml(&exposure(&label), "p", |_| None);
            let shown = yaml.lines().find_map(|line| line.strip_prefix("    label: ")).expect("a label");
            let read: String = serde_json::from_str(shown).expect("a text in quotes");
            let rendered = read.replace("{{ '{{' }}", "{{").replace("{{ '{%' }}", "{%").replace("{{ '{#' }}", "{#");
            if !label.contains("{{ '") {
                prop_assert_eq!(rendered, label);
            }
        }
    }
}
