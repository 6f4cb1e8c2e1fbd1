//! One exposure as an item of the list `exposures`.

use std::fmt::Write as _;

use super::mark::{GENERATED, ID, INTEGRATION, META};
use super::place::{NotReferable, Place};
use super::scalar::{as_json, quoted, quoted_if_needed};
use crate::exposure::Exposure;
use crate::id::NodeId;

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be copied into a file that people keep by hand.
    Copy,
    /// For a file that an export keeps.
    Generated,
}

/// A node that an exposure stands on and that its YAML does not name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unwritten {
    /// The node.
    pub node: NodeId,
    /// Why not.
    pub reason: NotReferable,
}

/// Adds an exposure and answers what could not be written: each such node stands in a comment.
pub fn write_entry(
    text: &mut String,
    exposure: &Exposure,
    place: &Place<'_>,
    purpose: Purpose,
) -> Vec<Unwritten> {
    // A name is of dbt's alphabet, but `null`, `1_0` and the like mean something else in YAML.
    line(text, 2, "- name", &quoted_if_needed(&exposure.name));
    if place.dbt().has_label() {
        line(text, 4, "label", &quoted(&exposure.label));
    }
    line(text, 4, "type", &quoted_if_needed(kind(exposure, purpose)));
    if let Some(maturity) = maturity(exposure, purpose) {
        line(text, 4, "maturity", &quoted_if_needed(maturity));
    }
    if let Some(url) = &exposure.url {
        line(text, 4, "url", &quoted(url));
    }
    if let Some(description) = &exposure.description {
        line(text, 4, "description", &quoted(description));
    }
    let unwritten = write_depends_on(text, exposure, place);
    write_owner(text, exposure, place);
    write_tags_and_meta(text, exposure, place, purpose);
    unwritten
}

/// dbt refuses other words, and with them the project. Whoever copies an exposure of their own sees their word.
fn kind(exposure: &Exposure, purpose: Purpose) -> &str {
    const KNOWN: [&str; 5] = ["dashboard", "notebook", "analysis", "ml", "application"];
    let kind = exposure.kind.as_str();
    if purpose == Purpose::Copy || KNOWN.contains(&kind) {
        kind
    } else {
        "dashboard"
    }
}

fn maturity(exposure: &Exposure, purpose: Purpose) -> Option<&str> {
    let maturity = exposure.maturity.as_deref()?;
    let is_known = ["high", "medium", "low"].contains(&maturity);
    (purpose == Purpose::Copy || is_known).then_some(maturity)
}

fn write_depends_on(text: &mut String, exposure: &Exposure, place: &Place<'_>) -> Vec<Unwritten> {
    let mut references = Vec::new();
    let mut unwritten = Vec::new();
    for id in &exposure.depends_on {
        match place.reference(id) {
            Ok(reference) => references.push(reference),
            Err(reason) => unwritten.push(Unwritten {
                node: id.clone(),
                reason,
            }),
        }
    }
    if !references.is_empty() {
        text.push_str("    depends_on:\n");
        for reference in references {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "      - {reference}");
        }
    }
    for Unwritten { node, reason } in &unwritten {
        let _ = writeln!(text, "    # left out: {} ({reason})", as_json(node.as_str()));
    }
    unwritten
}

/// dbt wants one of the two; before 1.5 it wanted the address.
fn write_owner(text: &mut String, exposure: &Exposure, place: &Place<'_>) {
    text.push_str("    owner:\n");
    let owner = &exposure.owner;
    if owner.name.is_some() || owner.email.is_none() {
        let name = owner.name.as_deref().unwrap_or("unknown");
        line(text, 6, "name", &quoted(name));
    }
    match &owner.email {
        Some(email) => line(text, 6, "email", &quoted(email)),
        None if place.dbt().needs_owner_email() => line(text, 6, "email", "\"\""),
        None => {}
    }
}

fn write_tags_and_meta(text: &mut String, exposure: &Exposure, place: &Place<'_>, purpose: Purpose) {
    let has_tags = !exposure.tags.is_empty();
    if !has_tags && exposure.workbook.is_none() {
        return;
    }
    let mut indent = 4;
    if place.dbt().has_config() {
        text.push_str("    config:\n");
        indent = 6;
    }
    if has_tags {
        let tags: Vec<String> = exposure.tags.iter().map(|tag| quoted(tag)).collect();
        line(text, indent, "tags", &format!("[{}]", tags.join(", ")));
    }
    if let Some(workbook) = &exposure.workbook {
        opening(text, indent, "meta");
        opening(text, indent + 2, META);
        if let Some(integration) = &exposure.integration {
            line(
                text,
                indent + 4,
                INTEGRATION,
                &quoted_if_needed(integration.as_str()),
            );
        }
        line(text, indent + 4, ID, &quoted(&workbook.luid));
        if purpose == Purpose::Generated {
            line(text, indent + 4, GENERATED, "true");
        }
    }
}

fn opening(text: &mut String, indent: usize, key: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{key}:", "");
}

fn line(text: &mut String, indent: usize, key: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{key}: {value}", "");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::Workbook;
    use crate::exposure_yaml::to_yaml;
    use crate::manual::from_node;
    use crate::project::{Node, Project, ProjectMetadata, ResourceType};

    fn node(kind: ResourceType, package: &str, name: &str) -> Node {
        Node {
            unique_id: NodeId::new(format!("{}.{package}.{name}", kind.name())),
            resource_type: kind,
            package: package.to_owned(),
            name: name.to_owned(),
            ..Node::default()
        }
    }

    fn project(dbt_version: &str) -> Project {
        let mut source = node(ResourceType::Source, "p", "orders");
        source.source_name = Some("raw's".to_owned());
        let metadata = ProjectMetadata {
            package: "p".to_owned(),
            dbt_version: dbt_version.to_owned(),
            ..ProjectMetadata::default()
        };
        let nodes = vec![
            node(ResourceType::Model, "p", "fct"),
            node(ResourceType::Model, "other", "fct"),
            source,
        ];
        Project::new("p".into(), metadata, nodes, vec![])
    }

    fn exposure(project: &Project) -> Exposure {
        let depends_on = project
            .nodes()
            .iter()
            .map(|node| node.unique_id.clone())
            .chain(["model.p.gone".into()]);
        Exposure {
            label: "Weekly \"sales\": {{ wb }} # {% x %}\n\u{202e}".to_owned(),
            kind: "dashboard".to_owned(),
            maturity: Some("high".to_owned()),
            tags: ["finance".to_owned()].into(),
            depends_on: depends_on.collect(),
            integration: Some("main".into()),
            workbook: Some(Workbook {
                luid: "9df3".to_owned(),
                project_path: String::new(),
                total_views: None,
                created_at: None,
                updated_at: None,
            }),
            ..from_node(project, &node(ResourceType::Exposure, "p", "weekly_sales"))
        }
    }

    #[test]
    fn an_exposure_is_written_as_dbt_reads_it() {
        let project = project("1.11.16");
        let mut exposure = exposure(&project);
        exposure.owner.email = Some("a@b".to_owned());
        insta::assert_snapshot!(to_yaml(&exposure, &Place::of(&project)), @r#"
        version: 2

        exposures:
          - name: weekly_sales
            label: "Weekly \"sales\": {{ '{{' }} wb }} # {{ '{%' }} x %}\n\u202e"
            type: dashboard
            maturity: high
            depends_on:
              - ref('other', 'fct')
              - ref('fct')
              - "source('raw\\'s', 'orders')"
            # left out: "model.p.gone" (not in the project's manifest)
            owner:
              email: "a@b"
            config:
              tags: ["finance"]
              meta:
                tailwater:
                  integration: main
                  id: "9df3"
        "#);
    }

    #[test]
    fn an_older_dbt_has_its_tags_and_meta_at_the_top() {
        let project = project("1.9.8");
        let mut text = String::new();
        let unwritten = write_entry(
            &mut text,
            &exposure(&project),
            &Place::of(&project),
            Purpose::Generated,
        );
        assert_eq!(unwritten.len(), 1);
        let end = text.split_once("    owner:\n").map(|(_, end)| end);
        assert_eq!(
            end,
            Some(
                "      name: \"unknown\"\n    tags: [\"finance\"]\n    meta:\n      tailwater:\n        \
                 integration: main\n        id: \"9df3\"\n        generated: true\n"
            )
        );
    }

    #[test]
    fn a_much_older_dbt_knows_no_label_and_wants_an_address() {
        let project = project("1.2.0");
        let text = to_yaml(&exposure(&project), &Place::of(&project));
        assert!(!text.contains("label:"), "{text}");
        assert!(
            text.contains("      name: \"unknown\"\n      email: \"\"\n"),
            "{text}"
        );
    }

    #[test]
    fn words_that_dbt_refuses_are_not_generated() {
        let project = project("1.11.16");
        let exposure = Exposure {
            kind: "poster".to_owned(),
            maturity: Some("ripe".to_owned()),
            ..exposure(&project)
        };
        let mut text = String::new();
        write_entry(&mut text, &exposure, &Place::of(&project), Purpose::Generated);
        assert!(
            text.contains("type: dashboard\n") && !text.contains("ripe"),
            "{text}"
        );
    }
}
