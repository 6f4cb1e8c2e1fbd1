//! `tailwater store migrate`: brings the store up to date, or makes it.

use camino::Utf8Path;
use tailwater_engine::upkeep::{StoreMigrated, migrate_store};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  tailwater store migrate --dry-run
  tailwater store migrate

Every command does the same when it opens an older store. Done by itself it can be the one step of a deployment that needs \
the right to change tables. All steps are one transaction: a failure changes nothing. An older Tailwater refuses the store \
afterwards.";

/// Brings the store up to date with this version, or makes it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(args: &Args, config: Option<&Utf8Path>, printer: &Printer) -> Result<Outcome, Error> {
    let options = settings::load(config)?.options();
    let migrated = migrate_store(&options, args.dry_run).await?;
    printer.answer(&migrated, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(migrated: &StoreMigrated) -> Document {
    let look = &migrated.look;
    let mut document = Document::new();
    if look.pending.is_empty() {
        let text = format!(" is up to date at schema {}", look.known);
        document.line(Line::new().strong(&look.location).plain(text));
        return document;
    }
    let verb = match (migrated.is_migrated, look.found) {
        (true, 0) => "made".to_owned(),
        (true, found) => format!("brought from schema {found}"),
        (false, 0) => "would be made".to_owned(),
        (false, found) => format!("would be brought from schema {found}"),
    };
    let verb = match look.found {
        0 => format!(" {verb} with schema {}", look.known),
        _ => format!(" {verb} to {}", look.known),
    };
    document.line(Line::new().strong(&look.location).plain(verb));
    for step in &look.pending {
        let text = format!("{:>4}  {}", step.version, step.about);
        document.line(Line::new().plain(text));
    }
    document
}
