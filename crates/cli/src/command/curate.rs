//! `tailwater curate`: fields of an exposure by hand, in place of what the BI tool says.

use tailwater_core::curation::{CurationError, Field};
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::curation::{CurateError, CuratedAsset, Edit};

use crate::catalog;
use crate::curated;
use crate::document::Document;
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater curate 'Weekly sales' --owner 'Ann Lee' --owner-email ann@example.com
  tailwater curate weekly_sales --maturity high --tag finance --tag board
  tailwater curate weekly_sales --description ''
  tailwater curate weekly_sales --clear owner --clear tags

EXPOSURE is its name, label, unique_id, address or the workbook's LUID. What is given stays through every sync; \
an empty value shows nothing in place of what the BI tool says, and `--clear` shows again what it says.";

/// Gives an exposure's label, description, owner, maturity, type or tags by hand
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The exposure
    exposure: String,

    /// The name for people
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// The owner's name
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// The owner's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    owner_email: Option<String>,

    /// `high`, `medium` or `low`
    #[arg(long, value_name = "WORD")]
    maturity: Option<String>,

    /// `dashboard`, `notebook`, `analysis`, `ml` or `application`
    #[arg(long = "type", value_name = "WORD")]
    kind: Option<String>,

    /// A tag, instead of those of the BI tool; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// A field to show again as the BI tool says: label, description, owner, owner-email, maturity, type, tags;
    /// `links` takes back every link made or undone by hand; `all` takes back everything
    #[arg(long, value_name = "FIELD")]
    clear: Vec<String>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let edits = edits(args).map_err(|error| tailwater_engine::Error::from(CurateError::from(error)))?;
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let curated = workspace
        .curate(&catalog, &args.exposure, &edits, &Actor::CommandLine)
        .await?;
    printer.answer(&curated, to_document)?;
    Ok(outcome)
}

fn edits(args: &Args) -> Result<Vec<Edit>, CurationError> {
    let mut edits = Vec::new();
    for name in &args.clear {
        match name.as_str() {
            "links" => edits.push(Edit::ClearLinks),
            "all" => {
                edits.extend(Field::ALL.map(Edit::Clear));
                edits.push(Edit::ClearLinks);
            }
            name => edits.push(Edit::Clear(Field::from_name(name)?)),
        }
    }
    let texts = [
        (Field::Label, &args.label),
        (Field::Description, &args.description),
        (Field::OwnerName, &args.owner),
        (Field::OwnerEmail, &args.owner_email),
        (Field::Maturity, &args.maturity),
        (Field::Type, &args.kind),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            edits.push(Edit::Give(field, field.read(text)?));
        }
    }
    if !args.tags.is_empty() {
        let tags = Field::read_tags(args.tags.iter().map(String::as_str))?;
        edits.push(Edit::Give(Field::Tags, tags));
    }
    Ok(edits)
}

fn to_document(curated: &CuratedAsset) -> Document {
    let mut document = Document::new();
    curated::write(&mut document, curated);
    document
}
