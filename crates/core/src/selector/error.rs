//! What is wrong with a selector, and where.

use std::borrow::Cow;
use std::fmt;

use super::method::Method;
use crate::diagnostic::Diagnostic;

/// A selector that cannot be read, or cannot be answered with what is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorError {
    /// What is wrong.
    pub problem: SelectorProblem,
    /// The part of the selector that it is about.
    pub part: String,
    /// Where that part begins in the whole text, in bytes.
    pub offset: usize,
    /// Where that part begins in the whole text, in characters from 1.
    pub column: usize,
}

/// The kinds of mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectorProblem {
    /// What stands before the colon is no method.
    UnknownMethod {
        /// What was written.
        name: String,
        /// The method that may be meant.
        nearest: Option<&'static str>,
    },
    /// The method knows a fixed list of values, and this is none of them.
    UnknownValue {
        /// The method.
        method: Method,
        /// What was written.
        value: String,
        /// The values it knows.
        expected: Vec<&'static str>,
        /// The value that may be meant.
        nearest: Option<&'static str>,
    },
    /// The value has more parts than the method can take.
    TooManyParts {
        /// The method.
        method: Method,
        /// The longest form it takes.
        form: &'static str,
    },
    /// `@x+`: `@` already takes the descendants.
    AtWithPlus,
    /// A path from the disk's root, which no node's path can be.
    AbsolutePath,
    /// An option that is not part of a selection.
    UnknownOption,
    /// `state:` without a manifest to compare with.
    NoComparison,
    /// A comparison of contents, which are not held.
    UnsupportedComparison,
    /// `result:` without run results.
    NoRunResults,
    /// `source_status:` without two freshness checks.
    NoFreshness,
    /// It has more parts than anybody writes: each is looked for among all nodes.
    TooManyWords {
        /// The most that it may have.
        most: usize,
    },
    /// The part finds nothing.
    FindsNothing {
        /// What may be meant, as a part of a selector.
        nearest: Option<String>,
    },
}

impl fmt::Display for SelectorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, column, .. } = self;
        let part = shortened(&self.part);
        match problem {
            SelectorProblem::UnknownMethod { name, .. } => {
                let name = shortened(name);
                write!(formatter, "`{name}` is not a selector method")?;
            }
            SelectorProblem::UnknownValue { method, value, .. } => {
                let value = shortened(value);
                write!(formatter, "`{}:` has no value `{value}`", method.name())?;
            }
            SelectorProblem::TooManyParts { .. } => write!(formatter, "`{part}` has too many parts")?,
            SelectorProblem::AtWithPlus => {
                write!(formatter, "`{part}` has both `@` before and `+` behind the name")?;
            }
            SelectorProblem::AbsolutePath => write!(formatter, "`{part}` is an absolute path")?,
            SelectorProblem::UnknownOption => write!(formatter, "`{part}` is not an option of a selection")?,
            SelectorProblem::NoComparison => {
                write!(formatter, "`{part}` needs an earlier manifest to compare with")?;
            }
            SelectorProblem::UnsupportedComparison => {
                write!(formatter, "`{part}` compares contents, which are not kept")?;
            }
            SelectorProblem::NoRunResults => write!(formatter, "`{part}` needs the results of a run")?,
            SelectorProblem::NoFreshness => {
                write!(
                    formatter,
                    "`{part}` needs two checks of source freshness to compare"
                )?;
            }
            SelectorProblem::TooManyWords { most } => {
                write!(
                    formatter,
                    "the selection has more than {most} parts; `{part}` is one too many"
                )?;
            }
            SelectorProblem::FindsNothing { .. } => write!(formatter, "`{part}` finds nothing")?,
        }
        write!(formatter, " (at character {column})")
    }
}

/// A part as a message repeats it: nobody reads more of it, and a selector may be as long as a request.
fn shortened(part: &str) -> Cow<'_, str> {
    const LONGEST: usize = 120;
    match part.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &part[..end]).into(),
        None => part.into(),
    }
}

impl std::error::Error for SelectorError {}

impl Diagnostic for SelectorError {
    fn code(&self) -> &'static str {
        match self.problem {
            SelectorProblem::UnknownMethod { .. } => "TW-SELECTOR-METHOD",
            SelectorProblem::UnknownValue { .. }
            | SelectorProblem::TooManyParts { .. }
            | SelectorProblem::AbsolutePath => "TW-SELECTOR-VALUE",
            SelectorProblem::AtWithPlus => "TW-SELECTOR-OPERATOR",
            SelectorProblem::UnknownOption => "TW-SELECTOR-OPTION",
            SelectorProblem::NoComparison | SelectorProblem::UnsupportedComparison => "TW-SELECTOR-STATE",
            SelectorProblem::NoRunResults => "TW-SELECTOR-RESULT",
            SelectorProblem::NoFreshness => "TW-SELECTOR-FRESHNESS",
            SelectorProblem::TooManyWords { .. } => "TW-SELECTOR-LONG",
            SelectorProblem::FindsNothing { .. } => "TW-SELECTOR-NOTHING",
        }
    }

    fn hint(&self) -> Option<String> {
        let meant = |nearest: Option<&'static str>| {
            nearest.map_or_else(String::new, |nearest| format!("Did you mean `{nearest}`? "))
        };
        let listed = |names: &[&'static str]| {
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        Some(match &self.problem {
            SelectorProblem::UnknownMethod { nearest, .. } => format!(
                "{}The methods are {}.",
                meant(*nearest),
                listed(&Method::ALL.map(Method::name))
            ),
            SelectorProblem::UnknownValue {
                expected, nearest, ..
            } => {
                format!("{}The values are {}.", meant(*nearest), listed(expected))
            }
            SelectorProblem::TooManyParts { method, form } => {
                format!("The longest form is `{}:{form}`.", method.name())
            }
            SelectorProblem::AtWithPlus => {
                "`@` already takes everything downstream: leave the `+` out.".to_owned()
            }
            SelectorProblem::AbsolutePath => {
                "Write the path as it is from the root of the dbt project, such as `models/marts`.".to_owned()
            }
            SelectorProblem::UnknownOption => {
                "A selection takes `--select` (or `-s`) and `--exclude`.".to_owned()
            }
            SelectorProblem::NoComparison => {
                "Comparing states takes a second manifest, which this view does not have.".to_owned()
            }
            SelectorProblem::UnsupportedComparison => {
                "`state:new` and `state:old` can be answered here; for the others ask dbt itself.".to_owned()
            }
            SelectorProblem::NoRunResults => {
                "Let dbt run, so that `run_results.json` lies beside the manifest.".to_owned()
            }
            SelectorProblem::NoFreshness => {
                "Let `dbt source freshness` run twice, so that there is something to compare.".to_owned()
            }
            SelectorProblem::TooManyWords { .. } => {
                "Patterns such as `stg_*`, `tag:` and `path:` say in one part what many names say.".to_owned()
            }
            SelectorProblem::FindsNothing {
                nearest: Some(nearest),
            } => format!("Did you mean `{}`?", shortened(nearest)),
            SelectorProblem::FindsNothing { nearest: None } => {
                "Nothing has a name like this. A `*` stands for any letters: `*orders*`.".to_owned()
            }
        })
    }
}
