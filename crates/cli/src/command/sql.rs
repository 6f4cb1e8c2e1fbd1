//! `tailwater sql`: the upstream tables and columns of SQL text.

use std::fs::File;
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Note, Request, Upstream, upstream};

use crate::dialect::DialectParser;
use crate::document::{Document, Line, Style, counted};
use crate::error::{Error, Outcome};
use crate::json_lines;
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater sql --dialect snowflake query.sql
  echo 'select id from a.b' | tailwater sql --dialect postgres --default-database shop -
  tailwater sql --jsonl < queries.jsonl > upstream.jsonl

A line of --jsonl is a JSON object with `id`, `dialect`, `sql` and, where known, `default_db` and \
`default_schema`. The line that answers it has `id`, `tables`, `columns`, `confidence` and `error`. A line that \
cannot be read is answered with its `error`, and the exit code at the end is 1. Blank lines are skipped.

The confidence is `parsed`, `retried` (another grammar than the dialect's accepted it) or `scanned` (no grammar \
did; the tables were found by looking at the words).";

/// Shows the tables and columns that SQL text reads
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to read; `-` reads standard input
    #[arg(required_unless_present = "jsonl")]
    file: Option<Utf8PathBuf>,

    /// The SQL that the text is written in; the usual synonyms are known too
    #[arg(long, value_name = "DIALECT", value_parser = DialectParser, required_unless_present = "jsonl")]
    dialect: Option<Dialect>,

    /// The database of names that have none
    #[arg(long, value_name = "NAME")]
    default_database: Option<String>,

    /// The schema of names that have none
    #[arg(long, value_name = "NAME")]
    default_schema: Option<String>,

    /// Read one JSON object a line and write one a line, in the same order
    #[arg(long)]
    jsonl: bool,
}

/// Runs the command.
pub fn run(args: &Args, printer: &Printer) -> Result<Outcome, Error> {
    let file = args.file.as_deref().unwrap_or(Utf8Path::new("-"));
    if args.jsonl {
        let defaults = json_lines::Defaults {
            dialect: args.dialect,
            database: args.default_database.as_deref(),
            schema: args.default_schema.as_deref(),
        };
        let mut output = printer.output();
        let failed = if file == "-" {
            json_lines::answer(file, io::stdin().lock(), &mut output, &defaults)?
        } else {
            json_lines::answer(file, open(file)?, &mut output, &defaults)?
        };
        tracing::info!(%file, failed, "every line answered");
        if failed > 0 {
            printer.warn(&format!(
                "{} could not be read; see `error` in the answers",
                counted(failed, "line")
            ));
        }
        return Ok(Outcome::with_failures(failed > 0));
    }
    let text = read(file)?;
    tracing::info!(%file, bytes = text.len(), "text read");
    let request = Request {
        sql: &text,
        // Clap has seen to it that there is one.
        dialect: args.dialect.unwrap_or(Dialect::Generic),
        default_database: args.default_database.as_deref(),
        default_schema: args.default_schema.as_deref(),
        known_columns: None,
    };
    printer.answer(&upstream(&request), to_document)?;
    Ok(Outcome::Done)
}

fn open(path: &Utf8Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Utf8Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        open(path)?.read_to_end(&mut bytes)
    };
    read.map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|error| Error::InputNotText {
        path: path.to_owned(),
        source: error.utf8_error(),
    })
}

fn to_document(found: &Upstream) -> Document {
    let mut document = Document::new();
    let style = match found.confidence {
        Confidence::Parsed => Style::Good,
        Confidence::Retried | Confidence::Scanned => Style::Warning,
    };
    document.line(
        Line::new()
            .plain("confidence: ")
            .styled(style, found.confidence.name()),
    );
    if let Some(error) = &found.error {
        document.line(Line::new().indent(2).hanging(2).faint(error));
    }
    if found.templated {
        document.line("template marks were neutralised first");
    }
    document.heading(format!("Tables ({})", found.tables.len()));
    let mut tables = Table::new(["", ""]).indent(2);
    for table in &found.tables {
        let columns = if table.all_columns {
            "all columns".to_owned()
        } else {
            table.columns.join(", ")
        };
        tables.row([
            Cell::new(table.name.to_string()),
            Cell::new(columns).styled(Style::Faint),
        ]);
    }
    document.table(tables);
    if !found.columns.is_empty() {
        document.heading(format!("Columns ({})", found.columns.len()));
        let mut columns = Table::new(["", ""]).indent(2);
        for column in &found.columns {
            let name = if column.name.is_empty() {
                Cell::new("(no name)").styled(Style::Faint)
            } else {
                Cell::new(&column.name)
            };
            let sources = Cell::lines(column.sources.iter().map(ToString::to_string));
            columns.row([name, sources.styled(Style::Faint)]);
        }
        document.table(columns);
    }
    if !found.notes.is_empty() {
        document.heading("Notes");
        for note in &found.notes {
            document.line(Line::new().indent(2).hanging(2).prose(in_words(note)));
        }
    }
    document
}

fn in_words(note: &Note) -> String {
    match note {
        Note::AmbiguousColumn { column } => {
            format!("`{column}` could belong to several tables, and was given to none")
        }
        Note::UnknownColumn { column } => format!("no table in reach has the column `{column}`"),
        Note::TemplateRelation { expression } => {
            format!("`{expression}` is a relation that dbt names, not the text")
        }
        Note::DynamicName { expression } => {
            format!("`{expression}` names a table only when the statement runs")
        }
        Note::FileRead { path } => format!("`{path}` is a file, no table"),
        Note::TemporaryTable { name } => {
            format!("`{name}` is a temporary table that the text does not make")
        }
        Note::DatabaseLink { table, link } => format!("`{table}` is read through the database link `{link}`"),
        Note::StatementScanned { statement } => {
            format!(
                "no grammar accepted statement {statement}; its tables were found by looking at the words"
            )
        }
        Note::LineageCutShort => {
            "tracing the columns stopped at its bound; the tables are complete".to_owned()
        }
    }
}
