//! `tailwater store copy`: moves a deployment from one database to another, and back.

use std::sync::Arc;

use camino::Utf8Path;
use tailwater_core::clock::{Clock, SystemClock};
use tailwater_engine::Error as EngineError;
use tailwater_engine::store::StoreUrl;
use tailwater_engine::upkeep::{StoreMoved, copy_store};
use tailwater_engine::workspace::store_url;

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::progress::Steps;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  tailwater store copy --to postgres://tailwater@db.acme.com/tailwater
  tailwater store copy --to-env NEW_STORE_URL
  tailwater store copy --from-env OLD_STORE_URL --to sqlite:tailwater.db --replace

Everything is copied as it is, in one transaction: tables, history, sealed secrets. Each table is read back and compared \
before it counts. Stop servers and workers first: what they do meanwhile is not in the copy. Then set `url` under `[store]`, \
and keep the key. Files of artifacts and logs stay where `[artifacts]` says.";

/// Copies everything into another database
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The store to copy [default: the one that is configured]
    #[arg(long, value_name = "URL", conflicts_with = "from_env")]
    from: Option<String>,

    /// Read the address of the store to copy from this environment variable
    #[arg(long, value_name = "VARIABLE")]
    from_env: Option<String>,

    /// Where to: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "to_env",
        conflicts_with = "to_env"
    )]
    to: Option<String>,

    /// Read the address to copy to from this environment variable
    #[arg(long, value_name = "VARIABLE")]
    to_env: Option<String>,

    /// Replace what is there
    #[arg(long)]
    replace: bool,
}

/// Runs the command.
pub async fn run(args: &Args, config: Option<&Utf8Path>, printer: &Printer) -> Result<Outcome, Error> {
    let from = address("--from", args.from.as_deref(), args.from_env.as_deref(), printer)?;
    let from = if let Some(url) = from {
        url
    } else {
        let configuration = settings::load(config)?;
        store_url(&configuration.settings, &configuration.root)?
    };
    let to = address("--to", args.to.as_deref(), args.to_env.as_deref(), printer)?;
    // The parser has made sure that one of the two is given.
    let to = to.unwrap_or_default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let steps = Steps::new(printer, "store");
    let moved = copy_store(&from, &to, args.replace, &clock, &steps).await?;
    drop(steps);
    if !moved.source_in_use_by.is_empty() {
        printer.warn(&format!(
            "{} still worked with {}: what they did meanwhile is not in the copy",
            moved.source_in_use_by.join(", "),
            moved.from
        ));
    }
    printer.answer(&moved, to_document)?;
    Ok(Outcome::Done)
}

/// The address that an option or a variable gives. It is read here rather than by the parser, whose messages
/// quote what they refuse.
fn address(
    option: &str,
    text: Option<&str>,
    variable: Option<&str>,
    printer: &Printer,
) -> Result<Option<StoreUrl>, Error> {
    let read = |text: &str| {
        text.parse::<StoreUrl>()
            .map_err(|error| EngineError::from(error).into())
    };
    if let Some(text) = text {
        let url = read(text)?;
        if url.has_password() {
            printer.warn(&format!(
                "everybody on this machine can see the password among the arguments of this process; \
                 `{option}-env VARIABLE` hides it"
            ));
        }
        return Ok(Some(url));
    }
    let Some(variable) = variable else {
        return Ok(None);
    };
    match std::env::var(variable).ok().filter(|text| !text.is_empty()) {
        Some(text) => read(&text).map(Some),
        None => Err(Error::Usage {
            message: format!("the environment variable `{variable}`, which `{option}-env` names, is not set"),
            hint: format!("set it: `export {variable}=postgres://…`"),
        }),
    }
}

fn to_document(moved: &StoreMoved) -> Document {
    let mut document = Document::new();
    let filled = moved.copied.tables.iter().filter(|table| table.rows > 0).count();
    document.line(
        Line::new()
            .plain(format!(
                "copied {} rows of {filled} tables from ",
                moved.copied.rows
            ))
            .strong(&moved.from)
            .plain(" to ")
            .strong(&moved.to)
            .plain(", and found them equal"),
    );
    if moved.copied.rows_replaced > 0 {
        let text = format!(
            "replaced {} rows that were there before",
            moved.copied.rows_replaced
        );
        document.line(text);
    }
    document.line("next: set `url` under `[store]` or `TAILWATER_STORE__URL`, keep the key, and run `tailwater store check`");
    document
}
