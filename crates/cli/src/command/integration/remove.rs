//! `tailwater integration remove`: forgets a BI site with everything that it brought.

use serde::Serialize;
use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::settings::DeclaredIn;

use crate::confirm::is_confirmed;
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater integration remove main
  tailwater integration remove main --yes

Forgets the integration's exposures, the history of its syncs and the sealed secret. Nothing on the BI site is \
touched.";

/// Forgets a BI site with everything that it brought
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integration
    name: IntegrationName,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// What was removed; `None` when the person said no.
#[derive(Debug, Serialize)]
struct Removed<'a> {
    removed: Option<&'a IntegrationName>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let integration = workspace.find_integration(&args.name).await?;
    // Nobody shall be asked about what cannot be done.
    if integration.declared_in == DeclaredIn::File {
        return Err(tailwater_engine::Error::DeclaredInFile {
            what: "integration",
            name: args.name.to_string(),
        }
        .into());
    }
    let what = format!("remove integration `{}`", args.name);
    let is_wanted = args.yes || is_confirmed(&what, " with its exposures and history")?;
    if is_wanted {
        workspace.remove_integration(&args.name).await?;
        let event = AuditEvent::new("integration.remove", args.name.as_str(), "");
        workspace.record_audit(&Actor::CommandLine, event).await?;
    }
    let removed = is_wanted.then_some(&args.name);
    printer.answer(&Removed { removed }, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(removed: &Removed<'_>) -> Document {
    match removed.removed {
        Some(name) => Line::new()
            .plain("removed integration ")
            .strong(name.as_str())
            .into(),
        None => "nothing was removed".into(),
    }
}
