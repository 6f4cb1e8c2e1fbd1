//! `manifest.json`, and all that is made of it at once: the graph, the index of relations, the words for `dbt ls`.

use tailwater_core::exposure_yaml::{Place, to_yaml};
use tailwater_core::manual::from_node;
use tailwater_core::relation_index::RelationIndex;
use tailwater_core::selector::{Universe, parse, select};
use tailwater_dbt::read_manifest;

use super::Target;
use crate::property::{is_tame, is_tame_error, survives_the_store};

pub const TARGET: Target = Target {
    name: "manifest",
    run,
    words: &[
        "\"nodes\"",
        "\"sources\"",
        "\"exposures\"",
        "\"disabled\"",
        "\"macros\"",
        "\"unique_id\"",
        "\"depends_on\"",
        "\"columns\"",
        "\"config\"",
        "\"meta\"",
        "\"tags\"",
        "\"relation_name\"",
        "\"name\"",
        "\"database\"",
        "\"metadata\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "{}",
        "[]",
        "true",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"model.p.a\"",
        "\"source.p.raw.a\"",
    ],
    mutations: 6_000,
};

fn run(bytes: &[u8]) {
    let project = match read_manifest(bytes, "manifest.json", "fuzz".into()) {
        Ok(project) => project,
        Err(error) => return is_tame_error(&error),
    };
    survives_the_store(&project.metadata);
    for note in &project.metadata.notes {
        is_tame(note);
    }
    let most = bytes.len();
    assert!(project.nodes().len() <= most && project.disabled().len() <= most);
    for node in project.nodes().iter().chain(project.disabled()) {
        survives_the_store(node);
        assert!(project.find(node.unique_id.as_str()).is_some() || project.disabled().contains(node));
    }
    let relations = RelationIndex::new(&[&project]);
    let _ = relations.with_similar_name("orders", 3);
    let universe = Universe::new([&project], []);
    for text in [
        "+exposure:*",
        "@tag:nightly",
        "source:*+ --exclude config.materialized:view",
    ] {
        if let Ok(selector) = parse(text) {
            let selected = select(&selector, None, &universe);
            assert!(
                selected.is_ok_and(|selected| selected.len() <= universe.graph().len()),
                "{text}"
            );
        }
    }
    for node in project.exposures() {
        let yaml = to_yaml(&from_node(&project, node), &Place::of(&project));
        let read = tailwater_dbt::yaml::read_exposures(&yaml, "copy.yml");
        let names = read.map(|read| read.into_iter().map(|exposure| exposure.name).collect::<Vec<_>>());
        // dbt lets no such name pass, and would render it.
        let is_template = node.name.contains(['{', '\r']) || node.name.ends_with('\n');
        assert!(
            names.is_ok_and(|names| is_template || names == [node.name.as_str()]),
            "{yaml}"
        );
    }
}
