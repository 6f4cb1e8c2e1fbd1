//! The command line as a whole: global options and the list of commands.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{ArgAction, Parser, Subcommand};

use crate::command::{
    audit, bring_in, collections, completions, curate, curations, diff, doctor, environment as environments,
    explain, export, exposures, ingest, init, integration, job, key, leave_out, lineage, link, policy,
    project, refresh, refreshes, run, serve, signal, sql, store, sync, token, unlink, unmatched, user,
    worker,
};
use crate::environment;
use crate::error::COULD_NOT_RUN;
use crate::printer::{ColorChoice, Options, Printer};
use crate::usage;

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  done, with failures that are listed
  2  could not run
  130  Ctrl-C ended the watching of what goes on

`tailwater COMMAND --help` explains a command and shows examples.";

/// Keeps BI dashboards as dbt exposures, with the evidence for every link and a reason for every gap
#[derive(Debug, Parser)]
#[command(
    name = "tailwater",
    version,
    propagate_version = true,
    after_help = AFTER_HELP,
    after_long_help = format!("{AFTER_HELP}\n\n{}", environment::to_help()),
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,

    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command has.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The configuration file [default: `tailwater.toml` here or in a directory above]
    #[arg(long, global = true, value_name = "FILE", env = environment::CONFIG.name, hide_env_values = true)]
    pub config: Option<Utf8PathBuf>,

    /// Print answers as JSON, and progress and errors as JSON lines
    #[arg(long, global = true)]
    pub json: bool,

    /// Print neither progress nor notes
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Log what is done to standard error; twice for more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Whether to colour the output
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: ColorChoice,
}

impl Global {
    /// How output looks.
    pub fn options(&self) -> Options {
        Options {
            is_json: self.json,
            is_quiet: self.quiet,
            is_verbose: self.verbose > 0 || environment::text(environment::LOG).is_some(),
            color: self.color,
        }
    }
}

/// The commands, in the order in which a newcomer needs them.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Args),
    Doctor(doctor::Args),
    #[command(flatten)]
    InWorkspace(InWorkspace),
    Refresh(refresh::Args),
    Run(run::Args),
    Serve(serve::Args),
    Worker(worker::Args),
    Job(job::Args),
    Store(store::Args),
    Sql(sql::Args),
    Completions(completions::Args),
}

/// The commands that work on what is configured and stored.
#[derive(Debug, Subcommand)]
pub enum InWorkspace {
    Project(project::Args),
    Environment(environments::Args),
    Ingest(ingest::Args),
    Integration(integration::Args),
    Collections(collections::Args),
    Sync(sync::Args),
    Diff(diff::Args),
    Exposures(exposures::Args),
    Explain(explain::Args),
    Unmatched(unmatched::Args),
    Lineage(lineage::Args),
    Export(export::Args),
    Curate(curate::Args),
    Link(link::Args),
    Unlink(unlink::Args),
    LeaveOut(leave_out::Args),
    BringIn(bring_in::Args),
    Curations(curations::Args),
    Refreshes(refreshes::Args),
    Policy(policy::Args),
    User(user::Args),
    Token(token::Args),
    Audit(audit::Args),
    Signal(signal::Args),
    Key(key::Args),
}

/// Prints what clap has to say instead of a command: help and the version, or what is wrong with the arguments.
pub fn answer_without_command(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let printer = Printer::new(Options {
            is_json: true,
            ..Options::default()
        });
        printer.error(&usage::explain(error, std::env::args_os()));
    } else {
        // A reader that has gone away needs no help.
        let _ = error.print();
    }
    if error.use_stderr() {
        ExitCode::from(COULD_NOT_RUN)
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }
}
