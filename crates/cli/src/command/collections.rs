//! `tailwater collections`: the tree of a site's collections (Tableau: projects), and which of them are
//! imported.

use serde::Serialize;
use tailwater_core::id::{CollectionId, IntegrationName};
use tailwater_core::inventory::{Collection, Completeness, Inventory, Notice, Site};
use tailwater_core::selection::{Selection, join_path};
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};
use tailwater_engine::integration::Integration;
use tailwater_engine::sync::{SyncOptions, SyncReport};

use super::sync;
use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::interrupt::stoppable;
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater collections main
  tailwater collections main select 'Finance/**' Sales
  tailwater collections main unselect Sales

  Finance        the top collection `Finance` alone
  Finance/*      each collection directly below it
  Finance/**     `Finance` and everything below it
  **             everything
  669c1a4b-…     the collection with this id alone; with /** also everything below it

A slash inside a name is written `\\/`. Names are compared exactly. A changed selection syncs at once.";

/// Shows the tree of collections, or changes which are imported
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integration
    integration: IntegrationName,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Adds collections to those that are imported, and syncs
    Select(Change),
    /// Takes collections out of those that are imported, and syncs
    Unselect(Change),
}

#[derive(Debug, clap::Args)]
struct Change {
    /// Paths or ids of collections; `Finance/**` is a collection with everything below it
    #[arg(required = true, value_name = "PATH_OR_ID")]
    patterns: Vec<String>,

    /// Only change the selection
    #[arg(long)]
    no_sync: bool,
}

/// The tree.
#[derive(Debug, Serialize)]
struct Tree {
    integration: IntegrationName,
    site: Site,
    /// The patterns that choose what is imported.
    selection: Selection,
    /// Patterns that choose nothing.
    patterns_without_match: Vec<String>,
    /// Every collection, each behind the one above it.
    collections: Vec<Branch>,
    /// Whether the list is all there is.
    listing: Completeness,
    notices: Vec<Notice>,
}

/// A collection.
#[derive(Debug, Serialize)]
struct Branch {
    id: CollectionId,
    name: String,
    /// The names from the top, as a pattern that chooses it.
    path: String,
    parent: Option<CollectionId>,
    /// How many collections stand above it.
    depth: usize,
    /// How many workbooks stand directly in it.
    workbooks: usize,
    /// Whether it is imported.
    selected: bool,
}

/// A selection after it was changed.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    integration: &'a IntegrationName,
    selection: Selection,
    changed: bool,
    /// What the sync came to; `None` when there was none.
    sync: Option<SyncReport>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let name = &args.integration;
    match &args.action {
        None => show(name, workspace, printer).await,
        Some(Action::Select(change)) => {
            let (selection, changed) = workspace.select_collections(name, &change.patterns).await?;
            if changed {
                let event = AuditEvent::new("integration.select", name.as_str(), change.patterns.join(", "));
                workspace.record_audit(&Actor::CommandLine, event).await?;
            }
            let answer = Answer {
                integration: name,
                selection,
                changed,
                sync: None,
            };
            apply(answer, change.no_sync, workspace, printer).await
        }
        Some(Action::Unselect(change)) => {
            let selection = workspace.unselect_collections(name, &change.patterns).await?;
            let event = AuditEvent::new("integration.unselect", name.as_str(), change.patterns.join(", "));
            workspace.record_audit(&Actor::CommandLine, event).await?;
            let answer = Answer {
                integration: name,
                selection,
                changed: true,
                sync: None,
            };
            apply(answer, change.no_sync, workspace, printer).await
        }
    }
}

async fn show(name: &IntegrationName, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let integration = workspace.find_integration(name).await?;
    let inventory = workspace.collections(name).await?;
    let tree = tree(&integration, inventory);
    printer.answer(&tree, to_document)?;
    Ok(Outcome::with_failures(!tree.listing.is_complete()))
}

fn tree(integration: &Integration, inventory: Inventory) -> Tree {
    let selection = integration.collections.clone();
    let branch = |(id, collection): (&CollectionId, &Collection)| {
        let ancestors = inventory.ancestors(id);
        Branch {
            id: id.clone(),
            name: collection.name.clone(),
            path: join_path(&collection.path),
            parent: collection.parent.clone(),
            depth: ancestors.len().saturating_sub(1),
            workbooks: collection.asset_count,
            selected: selection.includes(&ancestors, &collection.path),
        }
    };
    // Sorted by the names above, so that each stands behind its parent.
    let mut sorted: Vec<_> = inventory.collections.iter().collect();
    sorted.sort_by(|left, right| left.1.path.cmp(&right.1.path).then_with(|| left.0.cmp(right.0)));
    Tree {
        integration: integration.name.clone(),
        patterns_without_match: selection.without_match(&inventory),
        collections: sorted.into_iter().map(branch).collect(),
        selection,
        site: inventory.site,
        listing: inventory.listing,
        notices: inventory.notices.into_iter().collect(),
    }
}

async fn apply(
    mut answer: Answer<'_>,
    is_without_sync: bool,
    workspace: &Workspace,
    printer: &Printer,
) -> Result<Outcome, Error> {
    let is_sync_wanted = answer.changed && !is_without_sync;
    let mut failure = None;
    if is_sync_wanted {
        let options = SyncOptions::default();
        let synced = stoppable(printer, async |cancel| {
            sync::sync_one(workspace, answer.integration, options, printer, cancel).await
        });
        match synced.await {
            Ok(report) => answer.sync = Some(report),
            // Nothing is selected and nothing was imported: there is nothing to do.
            Err(Error::Engine(tailwater_engine::Error::NothingSelected { .. })) => {}
            Err(error) => failure = Some(error),
        }
    }
    printer.answer(&answer, |answer| changed_to_document(answer, is_without_sync))?;
    if let Some(error) = failure {
        // The selection is changed, which is half of what was asked for.
        printer.error(&error);
        return Ok(Outcome::DoneWithFailures);
    }
    let has_failures = answer.sync.is_some_and(|report| report.has_failures());
    Ok(Outcome::with_failures(has_failures))
}

fn to_document(tree: &Tree) -> Document {
    let mut document = Document::new();
    let site = match tree.site.name.as_str() {
        "" => "the default site".to_owned(),
        site => format!("site {site}"),
    };
    document.line(
        Line::new()
            .strong(tree.integration.as_str())
            .plain(format!(": {site} of {}", tree.site.server)),
    );
    document.blank();
    let mut table = Table::new(["", "COLLECTION", "WORKBOOKS", "ID"]);
    for branch in &tree.collections {
        let (mark, style) = if branch.selected {
            ("*", Style::Strong)
        } else {
            ("", Style::Plain)
        };
        table.row([
            Cell::new(mark).styled(Style::Good),
            Cell::new(format!("{}{}", "  ".repeat(branch.depth), branch.name)).styled(style),
            Cell::number(branch.workbooks),
            Cell::new(branch.id.as_str()).styled(Style::Faint),
        ]);
    }
    document.table(table);
    let workbooks = |branches: &mut dyn Iterator<Item = &Branch>| -> usize {
        branches.map(|branch| branch.workbooks).sum()
    };
    let selected: Vec<&Branch> = tree.collections.iter().filter(|branch| branch.selected).collect();
    document.blank();
    document.line(format!(
        "{} with {}; selected (*): {} with {}",
        counted(tree.collections.len(), "collection"),
        counted(workbooks(&mut tree.collections.iter()), "workbook"),
        counted(selected.len(), "collection"),
        counted(workbooks(&mut selected.into_iter()), "workbook"),
    ));
    for pattern in &tree.patterns_without_match {
        document.line(
            Line::new()
                .styled(Style::Warning, "warning: ")
                .prose(format!("the selected `{pattern}` chooses nothing here")),
        );
    }
    if let Completeness::Partial { reason } = &tree.listing {
        document.line(
            Line::new()
                .styled(Style::Warning, "warning: ")
                .prose(format!("the list was cut short: {reason}")),
        );
    }
    sync::write_notices(&mut document, &tree.notices);
    if tree.selection.is_empty() {
        document.blank();
        document.line(format!(
            "next: `tailwater collections {} select 'NAME/**'` (`'**'` = all)",
            tree.integration
        ));
    }
    document
}

fn changed_to_document(answer: &Answer<'_>, is_without_sync: bool) -> Document {
    let mut document = Document::new();
    let patterns = answer.selection.patterns();
    let line = Line::new().strong(answer.integration.as_str());
    document.line(if patterns.is_empty() {
        line.plain(": no collection is selected any more")
    } else {
        line.plain(": selected ").plain(patterns.join(", "))
    });
    if !answer.changed {
        document.line("that was selected already");
    } else if let Some(report) = &answer.sync {
        document.blank();
        sync::write_report(&mut document, report);
    } else if is_without_sync {
        document.line(format!(
            "the next sync applies this: `tailwater sync {}`",
            answer.integration
        ));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_marks_what_is_selected_and_indents_what_is_below() {
        let collection = |name: &str, parent: Option<&str>, path: &[&str], asset_count| Collection {
            name: name.to_owned(),
            parent: parent.map(CollectionId::from),
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            asset_count,
        };
        let inventory = Inventory {
            site: Site {
                server: "https://bi.example".to_owned(),
                ..Site::default()
            },
            collections: [
                ("1", collection("Sales", None, &["Sales"], 2)),
                ("2", collection("Finance", None, &["Finance"], 1)),
                ("3", collection("Board", Some("2"), &["Finance", "Board"], 4)),
                ("4", collection("\u{1b}[31mR/D", None, &["R/D"], 0)),
            ]
            .into_iter()
            .map(|(id, collection)| (CollectionId::from(id), collection))
            .collect(),
            ..Inventory::default()
        };
        let integration = Integration {
            name: "main".into(),
            kind: tailwater_engine::settings::Kind::Tableau,
            server: String::new(),
            site: String::new(),
            credential: tailwater_core::credential::CredentialName::default(),
            secret: tailwater_engine::secret::SecretPlace::Store,
            allow_http: false,
            projects: Vec::new(),
            collections: Selection::new(["Finance/**", "Gone"]),
            mapping: Vec::new(),
            schedule: None,
            http: tailwater_engine::settings::HttpSettings::default(),
            declared_in: tailwater_engine::settings::DeclaredIn::Store,
        };
        let tree = tree(&integration, inventory);
        insta::assert_snapshot!(to_document(&tree).to_text(80, false), @"
        main: the default site of https://bi.example

           COLLECTION  WORKBOOKS  ID
        *  Finance             1  2
        *    Board             4  3
           R/D                 0  4
           Sales               2  1

        4 collections with 7 workbooks; selected (*): 2 collections with 5 workbooks
        warning: the selected `Gone` chooses nothing here
        ");
    }
}
