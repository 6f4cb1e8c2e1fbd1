//! `tailwater integration show`: one BI site with what its last syncs came to.

use tailwater_core::credential::CredentialName;
use tailwater_core::id::IntegrationName;
use tailwater_engine::Workspace;
use tailwater_engine::integration::IntegrationState;
use tailwater_engine::secret::SecretPlace;
use tailwater_engine::store::{SyncOutcome, SyncRecord};

use super::list::declared_in;
use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

/// How many syncs are shown.
const SYNCS: u32 = 10;

const EXAMPLES: &str = "\
Examples:
  tailwater integration show main";

/// Shows a BI site with what its last syncs came to
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integration
    name: IntegrationName,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let state = workspace.integration_state(&args.name, SYNCS).await?;
    printer.answer(&state, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(state: &IntegrationState) -> Document {
    let integration = &state.integration;
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    let secret = match &integration.secret {
        SecretPlace::Store => "in the store, sealed".to_owned(),
        SecretPlace::Environment { variable } => format!("in the environment variable {variable}"),
        SecretPlace::File { path } => format!("in the file {path}"),
    };
    let credential = match &integration.credential {
        CredentialName::Token(name) => name.clone(),
        CredentialName::ConnectedApp(app) => {
            format!("{} with secret {} as {}", app.client_id, app.secret_id, app.user)
        }
    };
    let projects: Vec<&str> = integration.projects.iter().map(AsRef::as_ref).collect();
    let rules: Vec<String> = integration.mapping.iter().map(ToString::to_string).collect();
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("integration ")
            .strong(integration.name.as_str()),
    );
    let mut table = Table::new(["", ""]).indent(2);
    for (name, value) in [
        ("kind", integration.kind.name().to_owned()),
        ("server", integration.server.clone()),
        ("site", or(integration.site.clone(), "(default)")),
        (integration.credential.kind_in_words(), credential),
        ("secret", secret),
        ("declared by", declared_in(integration.declared_in).to_owned()),
        ("projects", or(projects.join(", "), "all")),
        (
            "collections",
            or(integration.collections.patterns().join(", "), "none"),
        ),
        ("mapping", or(rules.join("; "), "none")),
    ] {
        table.row([Cell::new(name).styled(Style::Faint), Cell::new(value)]);
    }
    let http = &integration.http;
    let way = [
        ("authorities", http.ca_file.as_ref().map(ToString::to_string)),
        ("proxy", http.proxy.as_ref().map(ToString::to_string)),
        ("not by proxy", http.no_proxy.clone()),
    ];
    for (name, said) in way {
        if let Some(value) = said {
            table.row([Cell::new(name).styled(Style::Faint), Cell::new(value)]);
        }
    }
    document.table(table);
    document.heading("Last syncs");
    if state.syncs.is_empty() {
        document.line(Line::new().indent(2).plain("none yet"));
        return document;
    }
    let mut table = Table::new([
        "STARTED",
        "OUTCOME",
        "ADDED",
        "CHANGED",
        "REMOVED",
        "KEPT",
        "LINKED",
        "NOT LINKED",
    ])
    .indent(2);
    for sync in &state.syncs {
        table.row(row(sync));
    }
    document.table(table);
    for sync in &state.syncs {
        if let Some(error) = &sync.error {
            let started = sync.started_at.format("%Y-%m-%d %H:%M:%S");
            document.line(
                Line::new()
                    .indent(2)
                    .hanging(2)
                    .faint(format!("{started} {}: ", error.code))
                    .plain(&error.message),
            );
        }
    }
    document
}

fn row(sync: &SyncRecord) -> [Cell; 8] {
    let style = match sync.outcome {
        SyncOutcome::Changed | SyncOutcome::Unchanged => Style::Good,
        SyncOutcome::Partial | SyncOutcome::Stopped => Style::Warning,
        SyncOutcome::Failed => Style::Bad,
    };
    let counts = &sync.counts;
    [
        Cell::new(sync.started_at.format("%Y-%m-%d %H:%M:%S").to_string()),
        Cell::new(sync.outcome.name()).styled(style),
        Cell::number(counts.added),
        Cell::number(counts.changed),
        Cell::number(counts.removed),
        Cell::number(counts.kept),
        Cell::number(counts.tables_linked),
        Cell::number(counts.tables_unlinked),
    ]
}
