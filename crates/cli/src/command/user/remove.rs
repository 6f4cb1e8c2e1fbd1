//! `tailwater user remove`: forgets a person.

use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;

use crate::confirm::is_confirmed;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater user remove ada
  tailwater user remove ada --yes

The person's sessions and tokens end at once. The audit log keeps the name. `tailwater user disable` only refuses \
sign-in for now.";

/// Forgets a person
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The sign-in name
    name: String,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Who was removed; `None` when the person at the terminal said no.
#[derive(Debug, Serialize)]
struct Removed {
    removed: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let what = format!("remove user `{}`", args.name);
    let is_wanted = args.yes || is_confirmed(&what, " with all tokens of that user")?;
    let mut removed = None;
    if is_wanted {
        removed = Some(workspace.remove_user(&args.name, &Actor::CommandLine).await?.name);
    }
    printer.answer(&Removed { removed }, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(removed: &Removed) -> Document {
    match &removed.removed {
        Some(name) => Line::new().plain("removed user ").strong(name).into(),
        None => "nobody was removed".into(),
    }
}
