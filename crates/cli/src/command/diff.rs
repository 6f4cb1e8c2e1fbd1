//! `tailwater diff`: what changed in the exposures between two syncs, or two moments.

use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::sync::{ExposureDiff, SyncDiff};

use super::integration;
use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// More exposures of a kind than this are only counted; `--json` has all.
const MOST_SHOWN: usize = 50;
/// More links or gaps of one exposure than this likewise.
const MOST_LINES: usize = 20;

const EXAMPLES: &str = "\
Examples:
  tailwater diff
  tailwater diff previous latest
  tailwater diff ~7
  tailwater diff 2026-11-01 now --integration main
  tailwater diff 0198b6f2-4c1d~1 0198b6f2-4c1d --json
  tailwater diff 2026-11-01 --exit-code

A moment is the id of a sync as `sync --history` shows it, or its beginning; `latest` and `previous`; `~3`, the third \
before the latest, and `ID~1`, the one before that sync; a time in UTC; or `now`, with what was curated and mapped \
since. Only syncs that landed count. What happened and was undone in between is no difference.";

/// Shows which exposures, links and gaps came and went between two syncs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The first moment [default: the sync before the second]
    #[arg(value_name = "A")]
    from: Option<String>,

    /// The second moment [default: the last sync]
    #[arg(value_name = "B")]
    to: Option<String>,

    /// The integration, where there are several
    #[arg(long, short, value_name = "NAME")]
    integration: Option<IntegrationName>,

    /// End with exit code 1 when there is a difference
    #[arg(long)]
    exit_code: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let name = integration::named_or_only(args.integration.as_ref(), workspace).await?;
    let diff = workspace
        .diff(&name, args.from.as_deref(), args.to.as_deref())
        .await?;
    printer.answer(&diff, to_document)?;
    Ok(Outcome::with_failures(args.exit_code && diff.is_different))
}

fn to_document(diff: &SyncDiff) -> Document {
    let mut document = Document::new();
    let (from, to) = (diff.from.title(), diff.to.title());
    document.line(
        Line::new()
            .strong(diff.integration.as_str())
            .plain(format!(": from {from} to {to}").replace("from before", "before")),
    );
    if !diff.is_different {
        document.line("nothing changed: no exposure, link or gap came or went");
        return document;
    }
    let counts = &diff.counts;
    let renamed = match counts.renamed {
        0 => String::new(),
        count => format!(" ({count} renamed)"),
    };
    document.line(format!(
        "{} added, {} removed, {} changed{renamed}; links: {} gained, {} lost; gaps: {} opened, {} closed",
        counted(counts.added, "exposure"),
        counts.removed,
        counts.changed,
        counts.links_gained,
        counts.links_lost,
        counts.gaps_opened,
        counts.gaps_closed
    ));
    write_all(&mut document, "Added", &diff.added);
    write_all(&mut document, "Removed", &diff.removed);
    write_all(&mut document, "Changed", &diff.changed);
    document
}

fn write_all(document: &mut Document, heading: &str, exposures: &[ExposureDiff]) {
    if exposures.is_empty() {
        return;
    }
    document.heading(format!("{heading} ({})", exposures.len()));
    for exposure in exposures.iter().take(MOST_SHOWN) {
        write_one(document, exposure);
    }
    if exposures.len() > MOST_SHOWN {
        let rest = format!("and {} more; `--json` has all", exposures.len() - MOST_SHOWN);
        document.line(Line::new().indent(2).faint(rest));
    }
}

fn write_one(document: &mut Document, exposure: &ExposureDiff) {
    let title = &exposure.title;
    let below = || Line::new().indent(4).hanging(2);
    document.line(
        Line::new()
            .indent(2)
            .hanging(2)
            .strong(&title.label)
            .plain("  ")
            .faint(title.unique_id.as_str()),
    );
    if let Some(url) = &title.url {
        document.line(below().faint(url));
    }
    if let Some(before) = &exposure.before {
        let mut told = Vec::new();
        if before.label != title.label {
            told.push(format!("was called {}", before.label));
        }
        if before.unique_id != title.unique_id {
            told.push(format!("was {}", before.unique_id));
        }
        if before.path != title.path {
            let place = |path: &Option<String>| path.clone().unwrap_or_else(|| "no collection".to_owned());
            told.push(format!(
                "moved from {} to {}",
                place(&before.path),
                place(&title.path)
            ));
        }
        if before.url != title.url {
            let address = before.url.as_deref().unwrap_or("no address");
            told.push(format!("was at {address}"));
        }
        for text in told {
            document.line(below().styled(Style::Warning, text));
        }
    }
    let gained = exposure.links_gained.iter();
    let lost = exposure.links_lost.iter();
    let opened = exposure.gaps_opened.iter();
    let closed = exposure.gaps_closed.iter();
    let lines: Vec<(Style, String)> = gained
        .map(|link| (Style::Good, format!("+ {}", link.node)))
        .chain(lost.map(|link| (Style::Bad, format!("- {}", link.node))))
        .chain(opened.map(|gap| {
            (
                Style::Bad,
                format!("gap opened: {} ({})", gap.table, gap.reason.title()),
            )
        }))
        .chain(closed.map(|gap| {
            (
                Style::Good,
                format!("gap closed: {} ({})", gap.table, gap.reason.title()),
            )
        }))
        .collect();
    let rest = lines.len().saturating_sub(MOST_LINES);
    for (style, text) in lines.into_iter().take(MOST_LINES) {
        document.line(below().styled(style, text));
    }
    if rest > 0 {
        document.line(below().faint(format!("and {rest} more; `--json` has all")));
    }
}
