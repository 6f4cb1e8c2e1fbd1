//! What is asserted of answers of every kind.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tailwater_core::diagnostic::{Diagnostic, with_causes};

/// The longest text that an error, a hint or a notice may be.
pub const LONGEST_MESSAGE: usize = 2_000;

/// Asserts that a text made for people is short and cannot act on a terminal or break a log's line.
#[track_caller]
pub fn is_tame(text: &str) {
    is_short(text);
    let active = text.chars().find(|character| character.is_control());
    assert!(active.is_none(), "{active:?} in {text:?}");
}

/// Asserts that a text made for people is short.
#[track_caller]
pub fn is_short(text: &str) {
    let start: String = text.chars().take(100).collect();
    assert!(text.len() <= LONGEST_MESSAGE, "{} bytes: {start:?}…", text.len());
}

/// Asserts of an error that it has a code, and that its text, causes and hint are tame.
#[track_caller]
pub fn is_tame_error(error: &impl Diagnostic) {
    assert!(error.code().starts_with("TW-"), "{error}");
    is_tame(&with_causes(error));
    if let Some(hint) = error.hint() {
        is_tame(&hint);
    }
}

/// Asserts that what was read is the same after it was written and read again, as the store does; answers how
/// long it is when written.
#[track_caller]
pub fn survives_the_store<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> usize {
    let written = serde_json::to_string(value);
    let Ok(written) = written else {
        panic_with("cannot be written", &written);
        return 0;
    };
    match serde_json::from_str::<T>(&written) {
        Ok(read) => assert_eq!(*value, read),
        Err(error) => panic_with("cannot be read again", &(error, &written)),
    }
    written.len()
}

#[track_caller]
fn panic_with(what: &str, value: &impl std::fmt::Debug) {
    assert!(what.is_empty(), "{what}: {value:?}");
}
