//! One step of a job: a dbt command, written as on a command line and run without a shell.
//!
//! ```text
//! dbt build --select tag:nightly --vars '{"full": true}'
//! ─▶ ["build", "--select", "tag:nightly", "--vars", "{\"full\": true}"]
//! ```
//!
//! Quotes are honoured as a shell does; nothing is expanded, piped or chained, and what would need that is
//! refused with the reason rather than handed to dbt as a strange word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest command that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// The commands of dbt that end by themselves and ask nothing.
const COMMANDS: [&str; 17] = [
    "build",
    "clean",
    "clone",
    "compile",
    "debug",
    "deps",
    "docs",
    "list",
    "ls",
    "parse",
    "retry",
    "run",
    "run-operation",
    "seed",
    "show",
    "snapshot",
    "source",
];

/// Options that each run sets itself, and why.
const OWN_OPTIONS: [(&str, &str); 7] = [
    ("--target-path", "each run has a target path of its own"),
    ("--log-path", "each run has a log of its own"),
    ("--log-format", "the log is read while it is written"),
    ("--log-format-file", "the log is read while it is written"),
    ("--project-dir", "the job says where the project is"),
    ("--profiles-dir", "the job says where the profiles are"),
    ("--log-level", "the log is read while it is written"),
];

/// One dbt command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Step {
    text: String,
    arguments: Vec<String>,
}

/// Why a text is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepProblem {
    /// There is nothing in it.
    #[error("the step is empty")]
    Empty,
    /// It is longer than any command.
    #[error("the step is longer than 16 KiB")]
    TooLong,
    /// It has a line break or another control character.
    #[error("the step has a line break or a control character in it")]
    Control,
    /// A quote is not closed.
    #[error("a quote is opened and not closed")]
    OpenQuote,
    /// It ends in a backslash.
    #[error("it ends in a backslash")]
    OpenEscape,
    /// It asks for what only a shell can do.
    #[error("`{sign}` has no meaning here: {reason}")]
    Shell {
        /// The sign.
        sign: String,
        /// Why, and what to write instead.
        reason: &'static str,
    },
    /// It does not begin with `dbt`.
    #[error("`{word}` is not run: a step begins with `dbt`")]
    NotDbt {
        /// Its first word, shortened.
        word: String,
    },
    /// dbt is told no command.
    #[error("no command follows `dbt`")]
    NoCommand,
    /// A command that is none, or that a job cannot run.
    #[error("`dbt {command}` cannot be a step: {reason}")]
    Command {
        /// The command, shortened.
        command: String,
        /// Why.
        reason: &'static str,
    },
    /// An option that the run sets itself.
    #[error("`{option}` cannot be given: {reason}")]
    Option {
        /// The option.
        option: String,
        /// Why.
        reason: &'static str,
    },
}

impl Step {
    /// Reads a command line.
    ///
    /// # Errors
    /// When it is not one dbt command that can run unattended.
    pub fn parse(text: &str) -> Result<Self, StepProblem> {
        if text.len() > LONGEST {
            return Err(StepProblem::TooLong);
        }
        let text = text.trim();
        let mut words = split(text)?.into_iter();
        let first = words.next().ok_or(StepProblem::Empty)?;
        if first != "dbt" {
            return Err(StepProblem::NotDbt {
                word: shortened(&first),
            });
        }
        let arguments: Vec<String> = words.collect();
        check(&arguments)?;
        Ok(Self {
            text: text.to_owned(),
            arguments,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words after `dbt`, quotes taken off.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The command, such as `build`, `source freshness` or `docs generate`.
    pub fn command(&self) -> String {
        let mut words = self.arguments.iter().filter(|word| !word.starts_with('-'));
        let first = words.next().map_or("", String::as_str);
        match (first, words.next()) {
            ("source" | "docs", Some(second)) => format!("{first} {second}"),
            _ => first.to_owned(),
        }
    }

    /// Whether an option is given, such as `--target`, also as `--target=prod`.
    pub fn has_option(&self, names: &[&str]) -> bool {
        self.arguments.iter().any(|word| {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            names.contains(&name)
        })
    }

    /// Whether it can build, test or load something: whether its failure can be resumed by `dbt retry`.
    pub fn can_retry(&self) -> bool {
        matches!(
            self.command().as_str(),
            "build"
                | "clone"
                | "compile"
                | "docs generate"
                | "run"
                | "run-operation"
                | "seed"
                | "snapshot"
                | "test"
                | "retry"
        )
    }
}

fn check(arguments: &[String]) -> Result<(), StepProblem> {
    for argument in arguments {
        let name = argument
            .split_once('=')
            .map_or(argument.as_str(), |(name, _)| name);
        if let Some((option, reason)) = OWN_OPTIONS.iter().find(|(option, _)| *option == name) {
            return Err(StepProblem::Option {
                option: (*option).to_owned(),
                reason,
            });
        }
    }
    let mut words = arguments.iter().filter(|word| !word.starts_with('-'));
    let command = words.next().ok_or(StepProblem::NoCommand)?.as_str();
    let refused = |command: String, reason| {
        Err(StepProblem::Command {
            command: shortened(&command),
            reason,
        })
    };
    match command {
        "init" => refused(command.to_owned(), "it asks questions"),
        "docs" => match words.next().map(String::as_str) {
            Some("generate") => Ok(()),
            Some("serve") => refused("docs serve".to_owned(), "it never ends"),
            _ => refused("docs".to_owned(), "write `dbt docs generate`"),
        },
        "source" => match words.next().map(String::as_str) {
            Some("freshness" | "snapshot-freshness") => Ok(()),
            _ => refused("source".to_owned(), "write `dbt source freshness`"),
        },
        "test" => Ok(()),
        _ if COMMANDS.contains(&command) => Ok(()),
        _ => refused(
            command.to_owned(),
            "it is no command of dbt that ends by itself; options stand after the command",
        ),
    }
}

/// The words of a command line, as a POSIX shell splits them where nothing is expanded.
fn split(text: &str) -> Result<Vec<String>, StepProblem> {
    if text.chars().any(char::is_control) {
        return Err(StepProblem::Control);
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => words.extend(word.take()),
            '\'' => {
                let into = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(StepProblem::OpenQuote)? {
                        '\'' => break,
                        inside => into.push(inside),
                    }
                }
            }
            '"' => {
                let into = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(StepProblem::OpenQuote)? {
                        '"' => break,
                        // Inside double quotes a backslash stands for itself except before these.
                        '\\' => match letters.next().ok_or(StepProblem::OpenQuote)? {
                            escaped @ ('"' | '\\' | '$' | '`') => into.push(escaped),
                            other => into.extend(['\\', other]),
                        },
                        '$' if letters.peek().is_some_and(|next| begins_expansion(*next)) => {
                            return Err(expansion('$'));
                        }
                        '`' => return Err(expansion('`')),
                        inside => into.push(inside),
                    }
                }
            }
            '\\' => {
                let escaped = letters.next().ok_or(StepProblem::OpenEscape)?;
                word.get_or_insert_default().push(escaped);
            }
            '$' if letters.peek().is_some_and(|next| begins_expansion(*next)) => return Err(expansion('$')),
            '`' => return Err(expansion('`')),
            ';' | '&' | '|' | '<' | '>' => {
                return Err(StepProblem::Shell {
                    sign: letter.to_string(),
                    reason: "no shell runs the step; each command is a step of its own, and the log is kept. \
                             Put it in quotes when it belongs to a word",
                });
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn begins_expansion(next: char) -> bool {
    next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '(')
}

fn expansion(sign: char) -> StepProblem {
    StepProblem::Shell {
        sign: sign.to_string(),
        reason: "no shell fills in variables or commands; dbt reads the job's variables by `env_var`",
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

impl TryFrom<String> for Step {
    type Error = StepProblem;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.text
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("dbt build", &["build"], "build")]
    #[case("  dbt   source  freshness ", &["source", "freshness"], "source freshness")]
    #[case("dbt --no-use-colors docs generate", &["--no-use-colors", "docs", "generate"], "docs generate")]
    #[case(r#"dbt run --vars '{"a": "b c"}'"#, &["run", "--vars", r#"{"a": "b c"}"#], "run")]
    #[case(r#"dbt run --select "tag:a b" c\ d"#, &["run", "--select", "tag:a b", "c d"], "run")]
    #[case(r#"dbt run --vars "{\"a\": \"\\d\"}""#, &["run", "--vars", r#"{"a": "\d"}"#], "run")]
    #[case("dbt build --select +dim_x+ @y 2+z,tag:n", &["build", "--select", "+dim_x+", "@y", "2+z,tag:n"], "build")]
    #[case("dbt test --select ''", &["test", "--select", ""], "test")]
    #[case("dbt run-operation m --args '{a: \"$x; y\"}'", &["run-operation", "m", "--args", "{a: \"$x; y\"}"], "run-operation")]
    fn words_are_split_as_a_shell_does(
        #[case] text: &str,
        #[case] arguments: &[&str],
        #[case] command: &str,
    ) {
        let step = Step::parse(text).unwrap();
        assert_eq!(step.arguments(), arguments);
        assert_eq!(step.command(), command);
    }

    #[rstest]
    #[case("", "empty")]
    #[case("   ", "empty")]
    #[case("rm -rf /", "begins with `dbt`")]
    #[case("/usr/bin/dbt build", "begins with `dbt`")]
    #[case("DBT_X=1 dbt build", "begins with `dbt`")]
    #[case("dbt", "no command")]
    #[case("dbt --version", "no command")]
    #[case("dbt build && rm -rf /", "each command is a step")]
    #[case("dbt build; ls", "each command is a step")]
    #[case("dbt build | tee x", "each command is a step")]
    #[case("dbt build > x", "each command is a step")]
    #[case("dbt build --vars $(cat x)", "no shell fills in")]
    #[case("dbt build --target $TARGET", "no shell fills in")]
    #[case("dbt build --target \"${TARGET}\"", "no shell fills in")]
    #[case("dbt build `x`", "no shell fills in")]
    #[case("dbt build 'x", "not closed")]
    #[case("dbt build \"x", "not closed")]
    #[case("dbt build \\", "backslash")]
    #[case("dbt build\nrm x", "line break")]
    #[case("dbt build \0", "control")]
    #[case("dbt init shop", "asks questions")]
    #[case("dbt docs serve", "never ends")]
    #[case("dbt docs", "docs generate")]
    #[case("dbt source", "source freshness")]
    #[case("dbt frobnicate", "no command of dbt")]
    #[case("dbt --log-format json build", "read while it is written")]
    #[case("dbt build --target-path=x", "target path of its own")]
    #[case("dbt build --project-dir x", "the job says where")]
    fn what_is_no_step_is_refused(#[case] text: &str, #[case] words: &str) {
        let problem = Step::parse(text).unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
    }

    #[test]
    fn options_are_found_in_both_ways_of_writing() {
        let step = Step::parse("dbt build -t prod --threads=4").unwrap();
        assert!(step.has_option(&["--target", "-t"]));
        assert!(step.has_option(&["--threads"]));
        assert!(!step.has_option(&["--select"]));
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics_and_quoted_words_come_back(text in r"\PC{0,60}", word in r"[^'\p{C}]{1,20}") {
            let _ = Step::parse(&text);
            let step = Step::parse(&format!("dbt build '{word}'"));
            match step {
                Ok(step) => prop_assert_eq!(step.arguments()[1].as_str(), word.as_str()),
                Err(StepProblem::Option { .. }) => {}
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
