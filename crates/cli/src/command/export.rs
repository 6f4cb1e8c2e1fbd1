//! `tailwater export`: exposures as YAML in the dbt project, and whether it is up to date.

use camino::Utf8PathBuf;
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_engine::Workspace;
use tailwater_engine::export::{ExportReport, ExportRequest, ExportedFile, FileChange};

use super::sync::write_notices;
use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::logging;
use crate::printer::Printer;
use crate::table::{Cell, Table};

/// More nodes that are left out, or exposures that are renamed, than these are only counted.
const MOST_SHOWN: usize = 20;

const EXAMPLES: &str = "\
Examples:
  tailwater export --dir models/exposures
  tailwater export --dir models/exposures --check
  tailwater export --dir models/exposures --adopt --dry-run

Writes one file for each integration and top-level collection, and removes those of its own that hold nothing any \
more. Only files that an export wrote are written; exposures that the project declares in files of its own are not \
written again. Names in generated files are kept. With `--check` nothing is written: the exit code is 1, and a diff \
is printed, when a file is out of date.";

/// Writes the imported exposures as YAML into the dbt project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The integrations [default: all]
    integrations: Vec<IntegrationName>,

    /// The directory of the generated files, below one of the project's model paths
    #[arg(long, value_name = "DIRECTORY")]
    dir: Utf8PathBuf,

    /// The project [default: the one whose `dbt_project.yml` is above the directory, else the only one]
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,

    /// Write nothing; print what is out of date as a diff, and fail when anything is
    #[arg(long)]
    check: bool,

    /// Write nothing; print what would change as a diff
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,

    /// Put `meta.tailwater.id` into exposures that the project declares itself and that are told by their address alone
    #[arg(long)]
    adopt: bool,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    logging::projects(workspace).await?;
    let request = ExportRequest {
        directory: args.dir.clone(),
        project: args.project.clone(),
        integrations: args.integrations.clone(),
        adopts: args.adopt,
        is_dry_run: args.check || args.dry_run,
    };
    let report = workspace.export(&request).await?;
    if report.dry_run && !report.up_to_date && !printer.is_json() {
        // The diff alone, so that it can be applied; what else is to be said goes beside it.
        for diff in report.files.iter().filter_map(|file| file.diff.as_deref()) {
            printer.diff(diff)?;
        }
        printer.remarks(&to_document(&report));
    } else {
        printer.answer(&report, to_document)?;
    }
    let has_failures = args.check && !report.up_to_date || !report.refused.is_empty();
    Ok(Outcome::with_failures(has_failures))
}

fn to_document(report: &ExportReport) -> Document {
    let mut document = Document::new();
    document.line(summary(report));
    let mut table = Table::new(["", "", ""]).indent(2);
    let mut has_rows = false;
    for file in report
        .files
        .iter()
        .filter(|file| file.change != FileChange::Unchanged)
    {
        let (word, style) = word(file, report.dry_run);
        table.row([
            Cell::new(word).styled(style),
            Cell::new(file.path.as_str()),
            Cell::new(counted(file.exposures, "exposure")).styled(Style::Faint),
        ]);
        has_rows = true;
    }
    if has_rows {
        document.table(table);
    }
    write_renamed(&mut document, report);
    write_left_out(&mut document, report);
    write_refused(&mut document, report);
    write_notices(&mut document, &report.notices);
    document
}

fn summary(report: &ExportReport) -> Line {
    let files = report.files.iter().filter(|file| !file.by_hand);
    let there = files.filter(|file| file.change != FileChange::Removed).count();
    let what = format!(
        ": {} in {}",
        counted(report.exposures, "exposure"),
        counted(there, "file")
    );
    let line = Line::new().strong(report.directory.as_str()).plain(what);
    let count = |change: FileChange| report.files.iter().filter(|file| file.change == change).count();
    let line = if report.up_to_date {
        line.plain(", up to date")
    } else {
        line.plain(format!(
            "; {} added, {} changed, {} removed",
            count(FileChange::Added),
            count(FileChange::Changed),
            count(FileChange::Removed)
        ))
    };
    let line = match report.kept_by_hand.len() {
        0 => line,
        count => line.plain(format!("; {} kept by hand", counted(count, "exposure"))),
    };
    if report.dry_run && !report.up_to_date {
        line.styled(Style::Warning, " (nothing was written)")
    } else {
        line
    }
}

const fn word(file: &ExportedFile, is_dry_run: bool) -> (&'static str, Style) {
    match (file.change, is_dry_run) {
        (FileChange::Unchanged, _) => ("up to date", Style::Faint),
        (FileChange::Added, false) => ("added", Style::Good),
        (FileChange::Added, true) => ("to add", Style::Good),
        (FileChange::Changed, false) => ("changed", Style::Warning),
        (FileChange::Changed, true) => ("to change", Style::Warning),
        (FileChange::Removed, false) => ("removed", Style::Bad),
        (FileChange::Removed, true) => ("to remove", Style::Bad),
    }
}

fn write_renamed(document: &mut Document, report: &ExportReport) {
    if report.renamed.is_empty() {
        return;
    }
    document.heading(format!("Names of the YAML ({})", report.renamed.len()));
    for renamed in report.renamed.iter().take(MOST_SHOWN) {
        document.line(
            Line::new()
                .indent(2)
                .plain(&renamed.to)
                .faint(format!("  was {}", renamed.from)),
        );
    }
    write_rest(document, report.renamed.len());
}

fn write_left_out(document: &mut Document, report: &ExportReport) {
    if report.left_out.is_empty() {
        return;
    }
    document.heading(format!(
        "Left out, since dbt could not resolve them ({})",
        report.left_out.len()
    ));
    for left_out in report.left_out.iter().take(MOST_SHOWN) {
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .plain(left_out.node.as_str())
                .faint(format!(" in {}: {}", left_out.exposure, left_out.reason)),
        );
    }
    write_rest(document, report.left_out.len());
}

fn write_refused(document: &mut Document, report: &ExportReport) {
    if report.refused.is_empty() {
        return;
    }
    document.heading(format!("Not edited ({})", report.refused.len()));
    for refused in &report.refused {
        document.line(
            Line::new()
                .indent(2)
                .hanging(2)
                .strong(refused.exposure.as_str())
                .plain(format!(" in {}: {}", refused.path, refused.reason)),
        );
        if refused.lines.is_empty() {
            continue;
        }
        document.line(Line::new().indent(4).prose("hint: put this into it:"));
        for line in refused.lines.lines() {
            let text = line.trim_start();
            document.line(
                Line::new()
                    .indent(6 + line.len() - text.len())
                    .styled(Style::Literal, text),
            );
        }
    }
}

fn write_rest(document: &mut Document, count: usize) {
    if count > MOST_SHOWN {
        let rest = format!("and {} more; `--json` has all", count - MOST_SHOWN);
        document.line(Line::new().indent(2).faint(rest));
    }
}
