//! Names of tables as Tableau and dbt write them.

use tailwater_core::relation::{RelationName, split_name};

use super::Target;

pub const TARGET: Target = Target {
    name: "table_name",
    run,
    words: &[
        "[", "]", "]]", "\"", "\"\"", "`", ".", "..", "(", "[a.b]", " ", "PUBLIC",
    ],
    mutations: 30_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parts = split_name(&text);
    assert!(
        parts.iter().map(String::len).sum::<usize>() <= text.len(),
        "{parts:?}"
    );
    let Some(name) = RelationName::from_parts(&parts) else {
        return;
    };
    assert_eq!(name.folded(), name.folded().folded(), "{name:?}");
    // What was read is read the same when it is written in Tableau's quoting.
    let is_whole = parts
        .iter()
        .all(|part| !part.trim().is_empty() && part.trim() == part);
    let is_one = parts.len() == 1 && text.contains('(');
    if is_whole && !is_one {
        let written: Vec<String> = parts
            .iter()
            .map(|part| format!("[{}]", part.replace(']', "]]")))
            .collect();
        assert_eq!(split_name(&written.join(".")), parts, "{text:?}");
    }
}
