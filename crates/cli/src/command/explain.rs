//! `tailwater explain`: the chain of evidence behind a link, or why there is none and what would make one.

use tailwater_core::exposure::{Evidence, Exposure, Via};
use tailwater_core::gap::Gap;
use tailwater_engine::Workspace;
use tailwater_engine::explain::{Explanation, Miss, Standing};

use crate::catalog;
use crate::curated;
use crate::document::{Document, Line, Style, clipped};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

/// Longer labels are clipped where they are not the subject.
const LABEL_WIDTH: usize = 60;

const EXAMPLES: &str = "\
Examples:
  tailwater explain 'Weekly sales'
  tailwater explain exposure.shop.weekly_sales
  tailwater explain fct_orders
  tailwater explain analytics.marts.fct_orders

SUBJECT is an exposure (name, label, unique_id, address or the workbook's LUID), a dbt node (name or unique_id) or \
a table (as much of its name as is known). What can mean several things is explained for each.";

/// Explains an exposure, a dbt node or a table: what it is linked with, and why
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// An exposure, a dbt node or a table
    subject: String,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let (catalog, outcome) = catalog::open(workspace, printer).await?;
    let explanations = catalog.explain(&args.subject)?;
    printer.answer(&explanations, |explanations| to_document(explanations))?;
    Ok(outcome)
}

fn to_document(explanations: &[Explanation]) -> Document {
    let mut document = Document::new();
    for explanation in explanations {
        document.blank();
        match explanation {
            Explanation::Exposure { exposure } => write_exposure(&mut document, exposure),
            Explanation::Node {
                node,
                resource_type,
                relation,
                exposures,
                near_misses,
            } => {
                document.line(
                    Line::new()
                        .strong(node.as_str())
                        .faint(format!("  {}", resource_type.name())),
                );
                if let Some(relation) = relation {
                    document.line(Line::new().indent(2).plain("relation ").plain(relation));
                }
                write_standings(&mut document, "Exposures that stand on it", exposures);
                write_misses(&mut document, "Came near, but have no link", near_misses);
            }
            Explanation::Table {
                table,
                nodes,
                exposures,
                gaps,
                lookup,
            } => {
                document.line(Line::new().strong(table).faint("  table"));
                for node in nodes {
                    document.line(Line::new().indent(2).plain("is ").strong(node.as_str()));
                }
                if let Some(lookup) = lookup {
                    document.line(Line::new().indent(2).hanging(2).prose(lookup));
                }
                write_standings(&mut document, "Exposures linked through it", exposures);
                write_misses(&mut document, "Without a link", gaps);
            }
        }
    }
    document
}

fn write_exposure(document: &mut Document, exposure: &Exposure) {
    document.line(
        Line::new()
            .strong(&exposure.label)
            .faint(format!("  {}", exposure.unique_id)),
    );
    let modes: Vec<&str> = exposure.modes.iter().map(|mode| mode.name()).collect();
    let mut origin = format!("{}, {}", exposure.kind, modes.join(" and "));
    if let Some(integration) = &exposure.integration {
        origin = format!("{origin}, from integration {integration}");
    }
    if let Some(workbook) = &exposure.workbook {
        origin = format!("{origin}, in {}", workbook.project_path);
    }
    document.line(Line::new().indent(2).hanging(2).plain(origin));
    let owner = [&exposure.owner.name, &exposure.owner.email].map(|part| part.as_deref().unwrap_or_default());
    match owner {
        ["", ""] => {}
        [name, ""] => document.line(Line::new().indent(2).plain(format!("owner {name}"))),
        [name, email] => document.line(
            Line::new()
                .indent(2)
                .plain(format!("owner {name} <{email}>").replace("owner  <", "owner <")),
        ),
    }
    if let Some(url) = &exposure.url {
        document.line(Line::new().indent(2).faint(url));
    }
    if let Some(stale) = &exposure.stale {
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .styled(Style::Warning, "may be out of date")
                .plain(format!(
                    " since {}: {}",
                    stale.since.format("%Y-%m-%d %H:%M UTC"),
                    stale.reason
                )),
        );
    }
    curated::write_marks(document, exposure.curated.iter());
    document.heading(format!("Stands on ({})", exposure.links.len()));
    for link in &exposure.links {
        document.line(Line::new().indent(2).strong(link.node.as_str()));
        write_evidence(document, &link.evidence);
    }
    if !exposure.gaps.is_empty() {
        document.heading(format!("Without a link ({})", exposure.gaps.len()));
        for gap in &exposure.gaps {
            write_gap(document, gap, None);
        }
    }
    curated::write_undone(document, &exposure.unlinked, &exposure.settled);
}

fn write_standings(document: &mut Document, heading: &str, standings: &[Standing]) {
    if standings.is_empty() {
        return;
    }
    document.heading(format!("{heading} ({})", standings.len()));
    for standing in standings {
        document.line(
            Line::new()
                .indent(2)
                .strong(&standing.exposure.label)
                .faint(format!("  {}", standing.exposure.unique_id)),
        );
        write_evidence(document, &standing.evidence);
    }
}

fn write_misses(document: &mut Document, heading: &str, misses: &[Miss]) {
    if misses.is_empty() {
        return;
    }
    document.heading(format!("{heading} ({})", misses.len()));
    for miss in misses {
        write_gap(document, &miss.gap, Some(&miss.exposure.label));
    }
}

/// How a table agrees with the node is said once, with all that told of the table below it.
fn write_evidence(document: &mut Document, evidence: &[Evidence]) {
    let mut agreements: Vec<(&Evidence, Vec<Option<String>>)> = Vec::new();
    for one in evidence {
        let is_same = |(other, _): &&mut (&Evidence, Vec<Option<String>>)| {
            (&one.table, &one.relation, one.matched, &one.rules, &one.note)
                == (
                    &other.table,
                    &other.relation,
                    other.matched,
                    &other.rules,
                    &other.note,
                )
        };
        match agreements.iter_mut().find(is_same) {
            Some((_, told_by)) => told_by.push(told(one)),
            None => agreements.push((one, vec![told(one)])),
        }
    }
    for (one, told_by) in agreements {
        let line = Line::new().indent(4).hanging(4);
        document.line(if one.via == Via::Declared {
            line.plain(one.via.title())
        } else if let Some(hand) = &one.hand {
            line.plain(one.via.title())
                .faint(curated::stamp(&hand.by, hand.at))
        } else {
            let equals = if one.table == one.relation {
                String::new()
            } else {
                format!(" = {}", one.relation)
            };
            line.plain(&one.table)
                .plain(equals)
                .faint(format!(": {}", one.matched.title()))
        });
        let below = || Line::new().indent(6).hanging(2);
        for rule in &one.rules {
            document.line(below().plain(format!("by the mapping rule {rule}")));
        }
        for told in told_by.into_iter().flatten() {
            document.line(below().plain(told));
        }
        if let Some(note) = &one.note {
            document.line(below().plain(format!("note: {note}")));
        }
    }
}

/// Which answer told of the table; `None` where nothing but the declaration did.
fn told(evidence: &Evidence) -> Option<String> {
    if matches!(evidence.via, Via::Declared | Via::ByHand) {
        return None;
    }
    let mut told = evidence.via.title().to_owned();
    if let Some(confidence) = evidence.confidence {
        told = format!("{told} ({})", confidence.name());
    }
    let place = match &evidence.data_source {
        None => "the workbook".to_owned(),
        Some(source) => {
            let kind = if source.is_published {
                "published"
            } else {
                "embedded"
            };
            format!("{kind} data source “{}”", clipped(&source.name, LABEL_WIDTH))
        }
    };
    Some(format!("{told}, {place}"))
}

fn write_gap(document: &mut Document, gap: &Gap, exposure: Option<&str>) {
    let mut line = Line::new()
        .indent(2)
        .hanging(2)
        .strong(&gap.table)
        .styled(Style::Warning, format!("  {}", gap.reason.title()))
        .faint(format!(" [{}]", gap.reason.code()));
    if let Some(label) = exposure {
        line = line.plain(format!(", read by “{}”", clipped(label, LABEL_WIDTH)));
    }
    if let Some(source) = &gap.data_source {
        line = line.plain(format!(" in data source “{}”", clipped(source, LABEL_WIDTH)));
    }
    document.line(line);
    for candidate in &gap.candidates {
        document.line(
            Line::new()
                .indent(6)
                .hanging(2)
                .plain("near: ")
                .plain(candidate.node.as_str())
                .faint(format!(" = {}; {}", candidate.relation, candidate.differs)),
        );
    }
    document.line(
        Line::new()
            .indent(6)
            .hanging(2)
            .prose(format!("hint: {}", gap.remedy)),
    );
}
