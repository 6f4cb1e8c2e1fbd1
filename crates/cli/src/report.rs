//! An error as it is shown: its code, what failed, the chain of causes, and what to do next.
//!
//! ```text
//! TW-STORE-UNREACHABLE
//!
//!   × cannot reach the store at postgres://db.example/tailwater
//!   ╰─▶ connection refused
//!
//!   hint: check host and port, that PostgreSQL runs and listens there, and that no firewall is between
//! ```

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;
use tailwater_core::diagnostic::Diagnostic;

use crate::escape;

/// Longer chains say the same in ever smaller words.
const MOST_CAUSES: usize = 8;

/// What is shown of an error, with nothing in it that a terminal acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The stable code.
    pub code: &'static str,
    /// What failed, on what, and why.
    pub message: String,
    /// What was behind it, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// A report under the key by which machines know it for an error: `{"error": {"code", "message", "hint"}}`.
#[derive(Debug, Serialize)]
pub struct ErrorLine<'r> {
    /// The error.
    pub error: &'r Report,
}

impl Report {
    /// Puts together what is shown of an error.
    pub fn new(error: &(dyn Diagnostic + 'static)) -> Self {
        let message = escape::to_line(&error.to_string()).into_owned();
        let mut causes: Vec<String> = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next.filter(|_| causes.len() < MOST_CAUSES) {
            next = cause.source();
            let text = escape::to_line(&cause.to_string()).into_owned();
            // Wrappers often repeat what they wrap.
            if !message.contains(&text) && causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
        }
        Self {
            code: error.code(),
            message,
            causes,
            hint: error.hint().map(|hint| escape::to_line(&hint).into_owned()),
        }
    }

    /// The text for people.
    pub fn to_text(&self, width: usize, is_coloured: bool) -> String {
        let theme = if is_coloured {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let mut handler = GraphicalReportHandler::new_themed(theme).with_width(width);
        if let Some(hint) = &self.hint {
            handler = handler.with_footer(format!("hint: {hint}"));
        }
        let mut text = String::new();
        // Writing to a string does not fail, and a report without its drawing is still a report.
        if handler.render_report(&mut text, &Shown::new(self)).is_err() {
            text = format!("{}: {}\n", self.code, self.message);
        }
        text
    }
}

/// What is no error but a bug is called one: `main` ends with an error or an answer, never with a panic.
pub fn announce_bugs() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        let version = env!("CARGO_PKG_VERSION");
        // Nobody is left to tell when standard error fails.
        let _ = writeln!(
            io::stderr(),
            "this is a bug in tailwater {version}: please report it with the lines above"
        );
    }));
}

/// The chain of texts as miette reads it.
#[derive(Debug)]
struct Shown<'r> {
    code: Option<&'static str>,
    message: &'r str,
    cause: Option<Box<Cause>>,
}

#[derive(Debug)]
struct Cause {
    message: String,
    cause: Option<Box<Cause>>,
}

impl<'r> Shown<'r> {
    fn new(report: &'r Report) -> Self {
        let chain = report.causes.iter().rev().fold(None, |cause, message| {
            Some(Box::new(Cause {
                message: message.clone(),
                cause,
            }))
        });
        Self {
            code: Some(report.code),
            message: &report.message,
            cause: chain,
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message)
    }
}

impl StdError for Shown<'_> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as _)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn error() -> Error {
        Error::Input {
            path: "a\u{1b}[31m.sql".into(),
            source: io::Error::other("the disk\nsays no"),
        }
    }

    #[test]
    fn an_error_is_shown_with_code_cause_and_hint() {
        insta::assert_snapshot!(Report::new(&error()).to_text(80, false), @"
        TW-CLI-INPUT

          × cannot read `a.sql`
          ╰─▶ the disk says no

          hint: check the path and that this user may read it; `-` reads standard
          input
        ");
    }

    #[test]
    fn machines_get_the_same_in_one_object() {
        let report = Report::new(&error());
        let line = serde_json::to_value(ErrorLine { error: &report }).unwrap();
        assert_eq!(line["error"]["code"], "TW-CLI-INPUT");
        assert_eq!(line["error"]["message"], "cannot read `a.sql`");
        assert_eq!(line["error"]["causes"][0], "the disk says no");
        assert!(line["error"]["hint"].is_string());
    }

    #[test]
    fn a_cause_that_repeats_its_wrapper_is_said_once() {
        let inner = io::Error::other("the disk says no");
        let report = Report::new(&Error::Output(io::Error::other(inner)));
        assert_eq!(report.causes, ["the disk says no"]);
    }
}
