//! `tailwater doctor`: everything that must be right before a sync can work, and what to mend.

use camino::Utf8Path;
use tailwater_engine::bi::CheckState;
use tailwater_engine::doctor::{Diagnosis, Finding, Section};

use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::finding;
use crate::printer::Printer;
use crate::progress::Steps;
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  tailwater doctor
  tailwater doctor --json

Signs in to every integration. The exit code is 1 when something does not work.";

/// Checks configuration, store, projects and integrations, and says what to mend
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command. Unlike others it goes on where the configuration or the store is broken.
pub async fn run(config: Option<&Utf8Path>, printer: &Printer) -> Result<Outcome, Error> {
    let diagnosis = diagnose(config, printer).await;
    printer.answer(&diagnosis, to_document)?;
    Ok(Outcome::with_failures(diagnosis.has_failures()))
}

async fn diagnose(config: Option<&Utf8Path>, printer: &Printer) -> Diagnosis {
    let configuration = match settings::load(config) {
        Ok(configuration) => configuration,
        Err(error) => return only(section("configuration", Finding::failed("settings", &error))),
    };
    let found = configuration.file.as_ref().map_or_else(
        || format!("no `{}`; everything has its default", settings::FILE_NAME),
        ToString::to_string,
    );
    let mut diagnosis = only(section("configuration", Finding::ok("settings", found)));
    match configuration.open().await {
        Ok(workspace) => {
            let steps = Steps::new(printer, "doctor");
            diagnosis
                .sections
                .extend(workspace.diagnose(&steps).await.sections);
            workspace.close().await;
        }
        Err(error) => diagnosis
            .sections
            .push(section("store", Finding::failed("store", &error))),
    }
    diagnosis
}

fn only(section: Section) -> Diagnosis {
    Diagnosis {
        sections: vec![section],
    }
}

fn section(name: &str, finding: Finding) -> Section {
    Section {
        name: name.to_owned(),
        findings: vec![finding],
    }
}

fn to_document(diagnosis: &Diagnosis) -> Document {
    let mut document = Document::new();
    for section in &diagnosis.sections {
        document.heading(&section.name);
        document.table(finding::to_table(&section.findings));
    }
    document.blank();
    let findings = diagnosis.sections.iter().flat_map(|section| &section.findings);
    let warnings = findings
        .filter(|finding| finding.state == CheckState::Warning)
        .count();
    document.line(match (diagnosis.has_failures(), warnings) {
        (true, _) => Line::new().styled(Style::Bad, "something does not work: see `failed` above"),
        (false, 0) => Line::new().styled(Style::Good, "all is well"),
        (false, count) => Line::new().styled(
            Style::Good,
            format!("everything works, with {}", counted(count, "warning")),
        ),
    });
    document
}
