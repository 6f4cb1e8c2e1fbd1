//! `tailwater completions`: scripts that let a shell complete commands.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater completions bash > ~/.local/share/bash-completion/completions/tailwater
  tailwater completions zsh > ~/.zfunc/_tailwater
  tailwater completions fish > ~/.config/fish/completions/tailwater.fish";

/// Writes the script that lets a shell complete commands
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args, printer: &Printer) -> Result<Outcome, Error> {
    // Clap's generator panics when its writer fails, so it writes to memory first.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "tailwater", &mut script);
    let mut output = printer.output();
    output.write_all(&script).map_err(Error::Output)?;
    output.flush().map_err(Error::Output)?;
    Ok(Outcome::Done)
}
