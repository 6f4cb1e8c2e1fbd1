//! dbt's node selection syntax, read and answered on a small project.

use std::sync::OnceLock;

use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::project::Project;
use tailwater_core::selector::{
    SelectorError, Universe, boxes_of, parse, parts_that_find_nothing, select, starts,
};

use super::Target;
use crate::property::is_short;

pub const TARGET: Target = Target {
    name: "selector",
    run,
    words: &[
        "+",
        "@",
        ",",
        " ",
        "*",
        "?",
        "[",
        "]",
        "[!a-",
        "tag:",
        "source:",
        "exposure:",
        "path:",
        "config.",
        "config.meta.a:",
        "fqn:",
        "package:",
        "resource_type:model",
        "test_type:unit",
        "state:modified",
        "result:error",
        "source_status:fresher",
        "group:",
        "access:public",
        "version:latest",
        "--exclude ",
        "--select=",
        "1+",
        "+99999999999999999999",
        "\"",
        "'",
        "stg_",
        ".",
        "..",
        "/",
        ":",
    ],
    mutations: 10_000,
};

/// A project with one of everything, made from a manifest of real dbt.
pub fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let bytes = include_bytes!("../../../../fuzz/corpus/manifest/shop.json");
        tailwater_dbt::read_manifest(bytes, "shop.json", "shop".into()).unwrap_or_default()
    })
}

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let selector = match parse(&text) {
        Ok(selector) => selector,
        Err(error) => return check(&error, &text),
    };
    let universe = Universe::new([project()], []);
    match select(&selector, None, &universe) {
        Ok(selected) => assert!(selected.len() <= universe.graph().len()),
        Err(error) => check(&error, &text),
    }
    for error in parts_that_find_nothing(&selector, &universe) {
        check(&error, &text);
    }
    let _ = starts(&selector, &universe);
    let _ = selector.phrase();
    if let Some(boxes) = boxes_of(&text) {
        assert_eq!(boxes_of(&boxes.to_string()), Some(boxes), "{text:?}");
    }
}

fn check(error: &SelectorError, text: &str) {
    is_short(&error.to_string());
    is_short(&error.hint().unwrap_or_default());
    // The place that a page marks.
    let before = text.get(..error.offset).map(|before| before.chars().count() + 1);
    assert_eq!(before, Some(error.column), "{error:?}");
    assert!(text[error.offset..].starts_with(&error.part), "{error:?}");
}
