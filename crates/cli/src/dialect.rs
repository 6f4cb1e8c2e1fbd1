//! A SQL dialect as an argument: help and completions list the names, the usual synonyms work too.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use tailwater_core::dialect::Dialect;

/// Reads a dialect's name.
#[derive(Debug, Clone, Copy)]
pub struct DialectParser;

impl TypedValueParser for DialectParser {
    type Value = Dialect;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Dialect, clap::Error> {
        let text = value.to_string_lossy();
        text.parse().map_err(|_| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            if let Some(argument) = argument {
                error.insert(
                    ContextKind::InvalidArg,
                    ContextValue::String(argument.to_string()),
                );
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(text.into_owned()));
            let names = Dialect::ALL.iter().map(|dialect| dialect.name().to_owned());
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names.collect()));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        Some(Box::new(
            Dialect::ALL
                .into_iter()
                .map(|dialect| PossibleValue::new(dialect.name())),
        ))
    }
}
