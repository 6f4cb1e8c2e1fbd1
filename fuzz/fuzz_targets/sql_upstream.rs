//! Any bytes as SQL in any dialect: no panic, no overflow, no runaway work or memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, Upstream, upstream};

fuzz_target!(|input: (u8, &str)| {
    let (choice, sql) = input;
    let dialect = Dialect::ALL[usize::from(choice) % Dialect::ALL.len()];
    let answer = upstream(&Request {
        default_database: (choice & 0x40 != 0).then_some("db"),
        default_schema: (choice & 0x80 != 0).then_some("schema"),
        ..Request::new(sql, dialect)
    });
    assert!(answer.notes.len() <= Upstream::MAX_NOTES);
    assert!(answer.error.is_none_or(|error| error.len() <= Upstream::MAX_ERROR_LENGTH));
});
