//! Custom SQL in any dialect: the first byte chooses the dialect, the rest is the text.

use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, Upstream, upstream};

use super::Target;
use crate::property::is_short;

pub const TARGET: Target = Target {
    name: "sql_upstream",
    run,
    words: &[
        "(",
        ")",
        "'",
        "\"",
        "`",
        "[",
        "]",
        ",",
        ".",
        ";",
        " from ",
        " select ",
        " as ",
        " with ",
        " join ",
        "--",
        "/*",
        "{{",
        "<<",
        " where ",
        " union ",
        " case ",
        " end ",
        "*",
        "@",
        "#",
        "$$",
        "::",
        "->",
        " values ",
        " lateral ",
        " for ",
    ],
    mutations: 20_000,
};

fn run(bytes: &[u8]) {
    let Some((&choice, text)) = bytes.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let dialect = Dialect::ALL[usize::from(choice) % Dialect::ALL.len()];
    let answer = upstream(&Request {
        default_database: (choice & 0x20 == 0).then_some("default_db"),
        default_schema: (choice & 0x80 != 0).then_some("default_schema"),
        ..Request::new(&text, dialect)
    });
    assert!(answer.notes.len() <= Upstream::MAX_NOTES);
    if let Some(error) = &answer.error {
        assert!(error.len() <= Upstream::MAX_ERROR_LENGTH, "{error}");
        is_short(error);
    }
    assert_eq!(
        answer.error.is_none(),
        answer.confidence == Confidence::Parsed,
        "{text}"
    );
    // What is found stands in the text, but for defaults, and for the schemas that a double dot leaves out.
    for part in answer.tables.iter().flat_map(|table| &table.name.parts) {
        assert!(
            text.contains(part.as_str())
                || part.contains('-')
                || ["dbo", "PUBLIC", "default_db", "default_schema"].contains(&part.as_str())
                || part.contains(['"', '`', ']', '\'', '@', '\\']),
            "{part} is not in {text}"
        );
    }
}
