//! The one place that writes: it decides what goes to standard output and to standard error, and whether
//! in colour.
//!
//! | | standard output | standard error |
//! | --- | --- | --- |
//! | for people | the answer | progress, notes, warnings, errors, logs |
//! | `--json` | the answer as one JSON document | the same, one JSON object a line |
//!
//! `--quiet` silences progress and notes; answers, warnings and errors stay.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use crate::document::{Document, Line, Style};
use crate::environment;
use crate::error::Error;
use crate::escape::{self, SafeJson};
use crate::report::{ErrorLine, Report};

/// The width of text for a file or a pipe, where nobody says how much fits.
const WIDTH_OF_LOGS: usize = 100;
/// Narrower than this nothing can be laid out; lines then run over.
const SMALLEST_WIDTH: usize = 40;
/// Wider than this, running text is hard to read.
const LARGEST_WIDTH: usize = 160;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What decides how output looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// JSON instead of text.
    pub is_json: bool,
    /// No progress and no notes.
    pub is_quiet: bool,
    /// Whether log lines come between, so that no bar may be drawn.
    pub is_verbose: bool,
    /// Whether to colour.
    pub color: ColorChoice,
}

/// Writes to standard output and standard error.
#[derive(Debug)]
pub struct Printer {
    options: Options,
    width: usize,
    is_output_coloured: bool,
    is_error_coloured: bool,
}

impl Printer {
    /// Looks at the terminal and the environment once.
    pub fn new(options: Options) -> Self {
        let is_coloured = |is_terminal: bool| match options.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && environment::allows_colour(),
        };
        Self {
            options,
            width: width(),
            is_output_coloured: is_coloured(io::stdout().is_terminal()),
            is_error_coloured: is_coloured(io::stderr().is_terminal()),
        }
    }

    /// Whether answers are JSON.
    pub const fn is_json(&self) -> bool {
        self.options.is_json
    }

    /// Whether a bar can be drawn: somebody watches, and nothing else is written between.
    pub fn draws_bars(&self) -> bool {
        let Options {
            is_json,
            is_quiet,
            is_verbose,
            ..
        } = self.options;
        !(is_json || is_quiet || is_verbose) && io::stderr().is_terminal()
    }

    /// Prints a command's answer: as JSON, or as the document made of it.
    pub fn answer<T: Serialize + ?Sized>(
        &self,
        value: &T,
        document: impl FnOnce(&T) -> Document,
    ) -> Result<(), Error> {
        if self.options.is_json {
            self.json(value)
        } else {
            self.document(&document(value))
        }
    }

    /// Prints text, whatever form answers have.
    pub fn document(&self, document: &Document) -> Result<(), Error> {
        let text = document.to_text(self.width, self.is_output_coloured);
        let mut output = self.output();
        output.write_all(text.as_bytes()).map_err(Error::Output)?;
        output.flush().map_err(Error::Output)
    }

    /// Prints a unified diff, line by line as it is, so that programs can apply it.
    pub fn diff(&self, text: &str) -> Result<(), Error> {
        let mut output = self.output();
        for line in text.lines() {
            let style = match line.as_bytes().first() {
                Some(b'+') => Style::Good,
                Some(b'-') => Style::Bad,
                Some(b'@') => Style::Faint,
                _ => Style::Plain,
            };
            // Tabs belong to the text; everything else that a terminal acts on does not get there.
            let line: Vec<_> = line.split('\t').map(escape::to_line).collect();
            let line = style.paint(&line.join("\t"), self.is_output_coloured);
            writeln!(output, "{line}").map_err(Error::Output)?;
        }
        output.flush().map_err(Error::Output)
    }

    /// Standard output itself, buffered; the caller flushes.
    #[expect(
        clippy::unused_self,
        reason = "having a printer is the permission to write to standard output"
    )]
    pub fn output(&self) -> BufWriter<io::StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    fn json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Error> {
        let mut output = self.output();
        let mut serializer = serde_json::Serializer::with_formatter(&mut output, SafeJson::pretty());
        value
            .serialize(&mut serializer)
            .map_err(|error| Error::Output(error.into()))?;
        output.write_all(b"\n").map_err(Error::Output)?;
        output.flush().map_err(Error::Output)
    }

    /// Tells people something beside the answer. Machines and quiet people are spared.
    pub fn note(&self, line: impl Into<Line>) {
        if !self.options.is_json && !self.options.is_quiet {
            self.aside(&Document::from(line.into()));
        }
    }

    /// Tells people what else there is to an answer that programs read too. Quiet people are spared.
    pub fn remarks(&self, document: &Document) {
        if !self.options.is_json && !self.options.is_quiet {
            self.aside(document);
        }
    }

    /// Warns of something that the answer does not show.
    pub fn warn(&self, text: &str) {
        if self.options.is_json {
            self.event(&serde_json::json!({ "warning": text }));
        } else {
            let line = Line::new().styled(Style::Warning, "warning: ").prose(text);
            self.aside(&Document::from(line));
        }
    }

    /// Prints an error.
    pub fn error(&self, error: &Error) {
        let report = Report::new(error);
        if self.options.is_json {
            self.event(&ErrorLine { error: &report });
        } else {
            let text = report.to_text(self.width, self.is_error_coloured);
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// Says how far something has come, where no bar is drawn.
    pub fn progress(&self, phase: &str, done: usize, total: Option<usize>) {
        if self.options.is_quiet {
            return;
        }
        if self.options.is_json {
            self.event(&serde_json::json!({ "progress": { "phase": phase, "done": done, "total": total } }));
        } else {
            let count = total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
            self.aside(&Document::from(Line::new().faint(format!("  {phase}: {count}"))));
        }
    }

    /// Nobody is left to tell when standard error fails, so that is not an error.
    fn aside(&self, document: &Document) {
        let text = document.to_text(self.width, self.is_error_coloured);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    #[expect(
        clippy::unused_self,
        reason = "having a printer is the permission to write to standard error"
    )]
    fn event(&self, value: &impl Serialize) {
        let mut line = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut line, SafeJson::compact());
        if value.serialize(&mut serializer).is_ok() {
            line.push(b'\n');
            let _ = io::stderr().lock().write_all(&line);
        }
    }
}

/// The terminal's width; what `COLUMNS` says where there is no terminal.
fn width() -> usize {
    let told = environment::columns();
    // A table without a width of its own answers the terminal's; `None` where there is no terminal.
    let measured = comfy_table::Table::new().width().map(usize::from);
    measured
        .or(told)
        .unwrap_or(WIDTH_OF_LOGS)
        .clamp(SMALLEST_WIDTH, LARGEST_WIDTH)
}
