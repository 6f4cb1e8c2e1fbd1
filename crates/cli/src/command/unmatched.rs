//! `tailwater unmatched`: the gaps by reason, and the mapping rules that would close most of them.

use std::collections::BTreeMap;

use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::unmatched::{GapGroup, Unmatched, UnmatchedTable};

use super::integration;
use crate::document::{Document, Line, Style, clipped, counted};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::proposal;

/// More tables of a reason than this are only counted; `--json` has all.
const MOST_TABLES: usize = 30;
/// More exposures of a table than this are only counted.
const MOST_EXPOSURES: usize = 3;

/// Longer labels are clipped.
const LABEL_WIDTH: usize = 40;

const EXAMPLES: &str = "\
Examples:
  tailwater unmatched
  tailwater unmatched main --json

Shows the gaps as the last sync left them. A proposed mapping rule was tried: what it would link is what it will.";

/// Shows what could not be linked, by reason, and which mapping rules would close most of it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integrations [default: all]
    integrations: Vec<IntegrationName>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let names = integration::named_or_all(&args.integrations, workspace).await?;
    let mut answers = Vec::new();
    let mut has_failures = false;
    for name in &names {
        workspace.find_integration(name).await?;
        let mut unmatched = workspace.unmatched(name).await?;
        if let Some(error) = unmatched.unproposed.take() {
            // The gaps are known all the same.
            printer.error(&error.into());
            has_failures = true;
        }
        answers.push(unmatched);
    }
    printer.answer(&answers, |answers| to_document(answers))?;
    Ok(Outcome::with_failures(has_failures))
}

fn to_document(answers: &[Unmatched]) -> Document {
    let mut document = Document::new();
    for unmatched in answers {
        document.blank();
        let tables = unmatched.groups.iter().flat_map(|group| &group.tables);
        let count: usize = tables.map(|table| table.count).sum();
        let line = Line::new().strong(unmatched.integration.as_str());
        if count == 0 {
            document.line(line.plain(": no gap: every table has a link"));
            continue;
        }
        document.line(line.plain(format!(": {}", counted(count, "gap"))));
        for group in &unmatched.groups {
            write_group(&mut document, group);
        }
        write_proposals(&mut document, unmatched);
    }
    document
}

fn write_group(document: &mut Document, group: &GapGroup) {
    document.blank();
    document.line(Line::new().styled(Style::Warning, group.title).faint(format!(
        " [{}] ({})",
        group.reason.code(),
        group.tables.len()
    )));
    // Tables of one reason often share the advice, which is then said once.
    let mut by_remedy: Vec<(&str, Vec<&UnmatchedTable>)> = Vec::new();
    let mut positions = BTreeMap::new();
    for table in group.tables.iter().take(MOST_TABLES) {
        let position = *positions.entry(table.remedy.as_str()).or_insert(by_remedy.len());
        if position == by_remedy.len() {
            by_remedy.push((&table.remedy, Vec::new()));
        }
        by_remedy[position].1.push(table);
    }
    for (remedy, tables) in by_remedy {
        for table in tables {
            write_table(document, table);
        }
        document.line(Line::new().indent(4).hanging(2).prose(format!("hint: {remedy}")));
    }
    if group.tables.len() > MOST_TABLES {
        let rest = group.tables.len() - MOST_TABLES;
        document.line(
            Line::new()
                .indent(2)
                .faint(format!("and {rest} more; `--json` has all")),
        );
    }
}

fn write_table(document: &mut Document, table: &UnmatchedTable) {
    let shown = table
        .exposures
        .iter()
        .take(MOST_EXPOSURES)
        .map(|exposure| clipped(&exposure.label, LABEL_WIDTH))
        .collect::<Vec<_>>()
        .join(", ");
    let rest = match table.exposures.len().saturating_sub(MOST_EXPOSURES) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    document.line(
        Line::new()
            .indent(2)
            .hanging(2)
            .strong(&table.table)
            .faint(format!("  in {shown}{rest}")),
    );
    for candidate in &table.candidates {
        document.line(
            Line::new()
                .indent(4)
                .hanging(2)
                .plain("near: ")
                .plain(candidate.node.as_str())
                .faint(format!(" = {}; {}", candidate.relation, candidate.differs)),
        );
    }
}

fn write_proposals(document: &mut Document, unmatched: &Unmatched) {
    let Some((best, others)) = unmatched.proposals.split_first() else {
        return;
    };
    document.heading("Mapping rule that would close most");
    let command = |rule| proposal::to_command(&unmatched.integration, rule);
    document.line(
        Line::new()
            .indent(2)
            .hanging(4)
            .styled(Style::Literal, command(&best.rule)),
    );
    proposal::write(document, best, "would link");
    if !others.is_empty() {
        document.heading("Others");
        for other in others {
            document.line(
                Line::new()
                    .indent(2)
                    .hanging(4)
                    .styled(Style::Literal, command(&other.rule))
                    .faint(format!("  would link {}", counted(other.links.len(), "table"))),
            );
        }
    }
}
