//! `tailwater init`: a commented `tailwater.toml` to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater init
  tailwater --config ci/tailwater.toml init

The file is optional: without it everything has the value that it shows, and projects and integrations are \
added by `tailwater project add` and `tailwater integration add`.";

/// Writes a commented `tailwater.toml`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    /// The file.
    path: Utf8PathBuf,
}

/// Runs the command.
pub fn run(
    args: &Args,
    path: Option<&Utf8Path>,
    template: &str,
    printer: &Printer,
) -> Result<Outcome, Error> {
    let path = path.unwrap_or(Utf8Path::new("tailwater.toml")).to_owned();
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true);
    } else {
        // The system looks and makes in one step, so that no file is lost to a race.
        options.create_new(true);
    }
    let written = options
        .open(&path)
        .and_then(|mut file| file.write_all(template.as_bytes()));
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(Error::ConfigExists { path }),
        Err(source) => return Err(Error::ConfigWrite { path, source }),
    }
    printer.answer(&Written { path }, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(written: &Written) -> Document {
    let mut document = Document::new();
    document.line(Line::new().plain("wrote ").strong(&written.path));
    document.line("next: declare a project and an integration in it, then run `tailwater doctor`");
    document
}
