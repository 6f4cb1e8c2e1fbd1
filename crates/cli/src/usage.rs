//! Arguments that make no sense, told to machines: one clean line, and what to type instead. People get the
//! parser's own text, which is laid out over several lines.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::arguments::Arguments;
use crate::error::Error;

/// What is wrong with the arguments, the program's name first among them.
pub fn explain(error: &clap::Error, arguments: impl IntoIterator<Item = OsString>) -> Error {
    let (path, command) = meant(arguments);
    Error::Usage {
        message: message(error, &path),
        hint: hint(error, &path, &command),
    }
}

/// The command that was meant, as far as it can be told, and how it is called: `tailwater integration add`.
fn meant(arguments: impl IntoIterator<Item = OsString>) -> (String, Command) {
    let mut command = Arguments::command();
    let mut path = command.get_name().to_owned();
    for argument in arguments.into_iter().skip(1) {
        let found = argument.to_str().and_then(|name| command.find_subcommand(name));
        if let Some(inner) = found.cloned() {
            path.push(' ');
            path.push_str(inner.get_name());
            command = inner;
        }
    }
    (path, command)
}

fn message(error: &clap::Error, path: &str) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let told = match (error.kind(), argument, value) {
        (ErrorKind::InvalidSubcommand, ..) => text(error, ContextKind::InvalidSubcommand)
            .map(|name| format!("`{path}` has no command `{name}`")),
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ..) => {
            Some(format!("`{path}` needs a command"))
        }
        (ErrorKind::UnknownArgument, Some(argument), _) => {
            Some(format!("`{path}` does not take `{argument}`"))
        }
        (ErrorKind::MissingRequiredArgument, ..) => {
            let missing = list(error, ContextKind::InvalidArg);
            Some(format!("`{path}` needs {}", quoted(&missing)))
        }
        (ErrorKind::ArgumentConflict, Some(argument), _) => Some(conflict(error, argument)),
        (ErrorKind::InvalidValue, Some(argument), None | Some("")) => {
            Some(format!("`{argument}` needs a value"))
        }
        (ErrorKind::InvalidValue, Some(argument), Some(value)) => {
            Some(format!("`{value}` is no value for `{argument}`"))
        }
        (ErrorKind::ValueValidation, Some(argument), Some(value)) => {
            let why = error.source().map(|source| format!(": {source}"));
            let why = why.unwrap_or_default();
            Some(format!("`{value}` is no value for `{argument}`{why}"))
        }
        (ErrorKind::TooManyValues, Some(argument), Some(value)) => {
            Some(format!("`{argument}` does not take the value `{value}`"))
        }
        (ErrorKind::InvalidUtf8, ..) => Some("an argument is not text in UTF-8".to_owned()),
        _ => None,
    };
    told.unwrap_or_else(|| error.kind().to_string())
}

fn conflict(error: &clap::Error, argument: &str) -> String {
    let mut others = list(error, ContextKind::PriorArg);
    others.extend(text(error, ContextKind::PriorArg));
    if others.is_empty() || others == [argument] {
        format!("`{argument}` can be given only once")
    } else {
        format!("`{argument}` cannot be given together with {}", quoted(&others))
    }
}

fn hint(error: &clap::Error, path: &str, command: &Command) -> String {
    let near = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let near = near
        .into_iter()
        .find_map(|kind| text(error, kind).or_else(|| list(error, kind).first().copied()));
    let known: Vec<&str> = match error.kind() {
        ErrorKind::InvalidSubcommand
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            command.get_subcommands().map(Command::get_name).collect()
        }
        _ => list(error, ContextKind::ValidValue),
    };
    let first = match near {
        Some(near) => format!("did you mean `{near}`? "),
        None if known.is_empty() => String::new(),
        None => format!("known are {}; ", quoted(&known)),
    };
    format!("{first}`{path} --help` explains the command and shows examples")
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn quoted(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    #[rstest]
    #[case("", "`tailwater` needs a command", "known are `init`, `doctor`, ")]
    #[case("project", "`tailwater project` needs a command", "known are `add`, ")]
    #[case(
        "--json project",
        "`tailwater project` needs a command",
        "known are `add`, `list`, `remove`; "
    )]
    #[case("nonsense", "`tailwater` has no command `nonsense`", "known are `init`, ")]
    #[case("syn", "`tailwater` has no command `syn`", "did you mean `sync`? ")]
    #[case(
        "project ad",
        "`tailwater project` has no command `ad`",
        "did you mean `add`? "
    )]
    #[case(
        "sync --frob",
        "`tailwater sync` does not take `--frob`",
        "`tailwater sync --help` explains"
    )]
    #[case(
        "--colour",
        "`tailwater` does not take `--colour`",
        "did you mean `--color`? "
    )]
    #[case(
        "project list extra",
        "`tailwater project list` does not take `extra`",
        "`tailwater project list --help`"
    )]
    #[case(
        "explain",
        "`tailwater explain` needs `<SUBJECT>`",
        "`tailwater explain --help`"
    )]
    #[case(
        "integration add tableau",
        "`tailwater integration add tableau` needs `--name <NAME>`, `--server <URL>`, `<--token-name <TOKEN>|--connected-app <CLIENT_ID>|--secret-id <ID>|--user <USER>>`",
        "`tailwater integration add tableau --help`"
    )]
    #[case(
        "integration add tableau --name=a --server=b --token-name=c --secret-stdin --secret-env X",
        "`--secret-stdin` cannot be given together with `--secret-env <VARIABLE>`",
        "`tailwater integration add tableau --help`"
    )]
    #[case(
        "sync --dry-run --dry-run",
        "`--dry-run` can be given only once",
        "`tailwater sync --help`"
    )]
    #[case(
        "--color maybe sync",
        "`maybe` is no value for `--color <WHEN>`",
        "known are `auto`, `always`, `never`; "
    )]
    #[case(
        "sql --dialect snowflak x",
        "`snowflak` is no value for `--dialect <DIALECT>`",
        "known are `snowflake`, "
    )]
    #[case(
        "sync --color alway",
        "`alway` is no value for `--color <WHEN>`",
        "did you mean `always`? "
    )]
    #[case(
        "sync --dry-run=5",
        "`--dry-run` does not take the value `5`",
        "`tailwater sync --help`"
    )]
    #[case("sync --config", "`--config <FILE>` needs a value", "`tailwater sync --help`")]
    fn machines_get_one_clean_line_and_what_to_type(
        #[case] arguments: &str,
        #[case] message: &str,
        #[case] hint: &str,
    ) {
        let arguments: Vec<OsString> = std::iter::once("tailwater")
            .chain(arguments.split_whitespace())
            .map(OsString::from)
            .collect();
        let error = explain(&Arguments::try_parse_from(&arguments).unwrap_err(), arguments);
        assert_eq!(error.to_string(), message);
        assert!(error.hint().unwrap().starts_with(hint), "{:?}", error.hint());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let arguments = [
            "tailwater".into(),
            "explain".into(),
            OsString::from_vec(vec![0xff]),
        ];
        let error = explain(
            &Arguments::try_parse_from(&arguments).unwrap_err(),
            arguments.clone(),
        );
        assert_eq!(error.to_string(), "an argument is not text in UTF-8");
    }
}
