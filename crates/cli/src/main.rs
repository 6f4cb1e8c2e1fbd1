//! The `tailwater` command.
mod arguments;
mod command;
mod dialect;
mod document;
mod environment;
mod error;
mod escape;
mod interrupt;
mod json_lines;
mod printer;
mod progress;
#[cfg(test)]
mod reference;
mod report;
mod settings;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::error::{COULD_NOT_RUN, Error, Outcome};
use crate::printer::Printer;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(a) => a,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    let printer = Printer::new(arguments.global.options());
    match run(&arguments, &printer) {
        Ok(outcome) => outcome.into(),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn run(arguments: &Arguments, printer: &Printer) -> Result<Outcome, Error> {
    match &arguments.command {
        Command::Init(args) => command::init::run(args, arguments.global.config.as_deref(), "", printer),
        Command::Sql(args) => command::sql::run(args, printer),
        Command::Completions(args) => command::completions::run(args, printer),
    }
}
