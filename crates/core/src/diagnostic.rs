//! The shape that every error of Tailwater has: what failed, on what, why, and what to do next.
//!
//! `Display` says what failed, on what and why; `source()` keeps the cause; this trait adds the
//! stable code and the advice. The command line, the API and the pages print all of them.

/// What an error offers beside its text.
pub trait Diagnostic: std::error::Error {
    /// A stable, documented code such as `TW-DBT-TRUNCATED`. Never reused for another meaning.
    fn code(&self) -> &'static str;

    /// What the reader can do next, as one or more plain sentences.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The text of an error with those of its causes, in one line. Wrappers often repeat what they wrap: what was
/// said already is left out.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
