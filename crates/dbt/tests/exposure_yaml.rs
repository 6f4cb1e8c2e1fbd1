//! Generated YAML asked of the dbt in `.venv`: whatever strangers call their dashboards, dbt takes the file
//! without a warning and its manifest says of each exposure what was to be said. It takes some seconds, most of
//! them dbt's start.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use camino::Utf8Path;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tailwater_core::exposure::{Exposure, ExposureOwner, Workbook};
use tailwater_core::exposure_yaml::{FILE_START, FileHead, FileKey, Place, Purpose, write_entry};
use tailwater_core::id::ProjectName;
use tailwater_core::manual::from_node;
use tailwater_core::project::{Node, ResourceType};
use tailwater_dbt::load_manifest;
use tailwater_dbt::yaml::read_exposures;
use tempfile::TempDir;

const PROJECT: &str = "name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\nmodel-paths: [models]\n";
const PROFILE: &str =
    "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: x.duckdb\n";
/// Nodes of every kind that an exposure can depend on, and some that it cannot.
const NODES: &str = r#"
version: 2
models:
  - name: fct
  - name: hidden
    config:
      access: private
      group: finance
  - name: "off"
    config:
      enabled: false
  - name: dim
    latest_version: 2
    versions:
      - v: 1
      - v: 2
groups:
  - name: finance
    owner:
      name: Fin
sources:
  - name: "it's raw {% raw %}{{ x }}{% endraw %}"
    tables:
      - name: "or\"ders"
"#;
const MODELS: [&str; 5] = ["fct", "hidden", "off", "dim_v1", "dim_v2"];

/// What dbt trips over where it is not told otherwise.
const HOSTILE: [&str; 28] = [
    "",
    " ",
    "{{ 1 + 1 }}",
    "{% if x %}",
    "{# a comment #}",
    "{{{ {%- -%} }}}",
    "{{ env_var('HOME') }}",
    "{{ '{{' }}",
    "{\r",
    "{\n",
    "a\r\nb\r",
    "ends\n",
    "ends\n\n",
    "'\"\\`",
    "key: value # no comment",
    "- item",
    "&anchor *alias !!tag |>",
    "null",
    "2024",
    "1_0",
    "yes",
    "売上 🚀 ñ \u{202e}drawkcab\u{200b}",
    "\u{0}\u{1b}[31m\u{85}\u{2028}\u{feff}\u{fffe}\u{10ffff}",
    "[a, {b: c}]",
    "!!python/object/apply:os.system ['true']",
    "? key %TAG ! --- ... <<: *a",
    "javascript:alert(1)",
    "\u{2066}a\u{2069}\u{200e}\u{9b}31m",
];

fn dbt(project: &Utf8Path, arguments: &[&str]) -> (bool, String) {
    let program = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/dbt");
    assert!(program.exists(), "there is no `{program}`: run `make setup`");
    let mut command = Command::new(program.canonicalize_utf8().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("DBT_")) {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["--no-use-colors", "--log-level-file", "none"])
        .args(arguments)
        .current_dir(project)
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "0")
        .env("DBT_PROFILES_DIR", project)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    texts.push("x".repeat(300));
    texts.push("🚀".repeat(300));
    let mut runner = TestRunner::deterministic();
    let any = prop_oneof![any::<String>(), "[{}%#\\-+'\"\\\\: \r\n\ta1]{1,14}"];
    texts.extend((0..250).map(|_| any.new_tree(&mut runner).unwrap().current()));
    texts
}

fn exposure(project: &tailwater_core::project::Project, number: usize, text: &str) -> Exposure {
    let node = Node {
        name: format!("_{number}_exposure"),
        package: "shop".to_owned(),
        resource_type: ResourceType::Exposure,
        ..Node::default()
    };
    let nodes = project
        .nodes()
        .iter()
        .filter(|node| node.resource_type != ResourceType::Exposure);
    let ids = nodes.map(|node| node.unique_id.clone());
    Exposure {
        label: text.to_owned(),
        kind: "dashboard".to_owned(),
        url: Some(text.to_owned()),
        owner: ExposureOwner {
            name: Some(text.to_owned()),
            email: Some(text.to_owned()),
        },
        description: Some(text.to_owned()),
        maturity: Some("medium".to_owned()),
        tags: BTreeSet::from([text.to_owned(), "a tag".to_owned()]),
        integration: Some(text.into()),
        workbook: Some(Workbook {
            luid: text.to_owned(),
            project_path: text.to_owned(),
            total_views: None,
            created_at: None,
            updated_at: None,
        }),
        depends_on: ids
            .chain(["model.shop.off".into(), "model.shop.gone\n  - x".into()])
            .collect(),
        ..from_node(project, &node)
    }
}

#[test]
fn dbt_takes_whatever_a_dashboard_is_called() {
    let directory = TempDir::new().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    fs::create_dir_all(root.join("models/exposures")).unwrap();
    fs::write(root.join("dbt_project.yml"), PROJECT).unwrap();
    fs::write(root.join("profiles.yml"), PROFILE).unwrap();
    fs::write(root.join("models/nodes.yml"), NODES).unwrap();
    for model in MODELS {
        fs::write(root.join(format!("models/{model}.sql")), "select 1 as id").unwrap();
    }
    let (is_parsed, said) = dbt(root, &["parse"]);
    assert!(is_parsed, "{said}");
    let project = load_manifest(root, ProjectName::new("shop")).unwrap();
    let before = project.nodes().len();

    let texts = hostile_texts();
    let head = FileHead {
        key: FileKey {
            integration: "{{ x }}\n".to_owned(),
            collection: Some("\n{% y %}".to_owned()),
        },
        title: "\nexposures: [{{ z }}]".to_owned(),
    };
    let mut yaml = head.to_text() + FILE_START;
    let place = Place::of(&project);
    for (number, text) in texts.iter().enumerate() {
        let unwritten = write_entry(
            &mut yaml,
            &exposure(&project, number, text),
            &place,
            Purpose::Generated,
        );
        let left_out: Vec<&str> = unwritten.iter().map(|one| one.node.as_str()).collect();
        assert_eq!(
            left_out,
            ["model.shop.gone\n  - x", "model.shop.hidden", "model.shop.off"]
        );
    }
    fs::write(root.join("models/exposures/x.yml"), &yaml).unwrap();
    assert_eq!(read_exposures(&yaml, "x.yml").unwrap().len(), texts.len());

    let (is_parsed, said) = dbt(root, &["parse", "--no-partial-parse", "--show-all-deprecations"]);
    assert!(is_parsed, "{said}");
    let lowered = said.to_lowercase();
    assert!(
        !lowered.contains("warn") && !lowered.contains("deprecat"),
        "{said}"
    );
    let manifest: Value =
        serde_json::from_slice(&fs::read(root.join("target/manifest.json")).unwrap()).unwrap();
    for (number, text) in texts.iter().enumerate() {
        let found = &manifest["exposures"][format!("exposure.shop._{number}_exposure")];
        for key in ["label", "description", "url"] {
            assert_eq!(found[key], **text, "{key}");
        }
        assert_eq!(found["owner"]["name"], **text);
        assert_eq!(found["owner"]["email"], **text);
        let tags: Vec<&str> = found["tags"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(BTreeSet::from_iter(tags), BTreeSet::from(["a tag", text]));
        let own = &found["meta"]["tailwater"];
        assert_eq!(
            (&own["id"], &own["integration"]),
            (&Value::from(&**text), &Value::from(&**text))
        );
        let nodes: Vec<&str> = found["depends_on"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            BTreeSet::from_iter(nodes),
            BTreeSet::from([
                "model.shop.dim.v1",
                "model.shop.dim.v2",
                "model.shop.fct",
                "source.shop.it's raw {{ x }}.or\"ders",
            ])
        );
    }
    // And they come back as what they are: generated, not the authors' own.
    let project = load_manifest(root, ProjectName::new("shop")).unwrap();
    assert_eq!(
        (project.nodes().len(), project.generated().len()),
        (before, texts.len())
    );
}
