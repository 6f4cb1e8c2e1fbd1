//! The stages in their order, for one text.

use std::borrow::Cow;

use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;

use crate::parse::{Parsed, Prepared, Refusal, parse, parse_otherwise, prepare};
use crate::request::Request;
use crate::resolve::Resolver;
use crate::scan::{Scan, embedded_sql, scan, split_statements};
use crate::template::{neutralise, without_doubled_angles};
use crate::text::clipped;
use crate::upstream::Upstream;

/// Chains up to this long fit on any thread's stack.
const SAFE_LINKS: usize = 500;

/// Stack for one link of a chain: what dropping one level of a syntax tree takes, with room.
const STACK_PER_LINK: usize = 1024;

/// Stack for everything else.
const STACK_BASE: usize = 2 * 1024 * 1024;

/// Reads what a piece of SQL stands on.
///
/// It never fails and never panics: the worst that text can bring about is an answer with
/// [`Confidence::Scanned`], no columns, and the parser's message.
pub fn upstream(request: &Request<'_>) -> Upstream {
    let mut neutral = neutralise(request.sql);
    if let Some(query) = embedded_sql(&neutral.text) {
        neutral.text = Cow::Owned(query);
    }
    let prepared = prepare(&neutral.text, request.dialect);
    let links = prepared.links();
    let mut answer = if links > SAFE_LINKS {
        stacker::grow(STACK_BASE + links * STACK_PER_LINK, || {
            read(request, &neutral.text, prepared)
        })
    } else {
        read(request, &neutral.text, prepared)
    };
    answer.templated |= neutral.templated;
    if !neutral.notes.is_empty() {
        answer.notes.splice(0..0, neutral.notes);
        answer.notes.truncate(Upstream::MAX_NOTES);
    }
    answer
}

/// A statement, or a run of them, as far as it could be read.
enum Piece {
    Parsed(Parsed),
    Scanned(usize, Scan),
}

fn read(request: &Request<'_>, text: &str, prepared: Prepared) -> Upstream {
    let dialect = request.dialect;
    let mut reading = Reading {
        confidence: Confidence::Parsed,
        error: None,
        templated: false,
        pieces: Vec::new(),
    };
    match parse(prepared, dialect) {
        Ok(parsed) => reading.pieces.push(Piece::Parsed(parsed)),
        Err(refusal) => reading.refused(text, dialect, refusal),
    }
    let mut resolver = Resolver::new(request);
    for piece in &reading.pieces {
        match piece {
            Piece::Parsed(parsed) => {
                resolver.take_notes(&parsed.notes);
                for statement in &parsed.statements {
                    resolver.read_statement(statement);
                }
            }
            Piece::Scanned(position, scan) => resolver.read_scan(*position, scan),
        }
    }
    let findings = resolver.finish();
    Upstream {
        tables: findings.tables,
        columns: findings.columns,
        confidence: reading.confidence,
        templated: reading.templated,
        error: reading
            .error
            .map(|error| clipped(&error, Upstream::MAX_ERROR_LENGTH)),
        notes: findings.notes,
    }
}

struct Reading {
    confidence: Confidence,
    error: Option<String>,
    templated: bool,
    pieces: Vec<Piece>,
}

impl Reading {
    /// The whole text was refused: try it without doubled brackets, then statement by statement.
    fn refused(&mut self, text: &str, dialect: Dialect, refusal: Refusal) {
        let mut text = Cow::Borrowed(text);
        if let Some(single) = without_doubled_angles(&text) {
            if let Ok(parsed) = parse(prepare(&single, dialect), dialect) {
                self.templated = true;
                self.pieces.push(Piece::Parsed(parsed));
                return;
            }
            if text.contains("<<=") || text.contains(">>=") || text.contains("<<>>") {
                self.templated = true;
                text = Cow::Owned(single);
            }
        }
        let ranges = split_statements(&text, dialect);
        if let [only] = ranges.as_slice() {
            self.statement(0, &text[only.clone()], dialect, refusal);
            return;
        }
        for (position, range) in ranges.into_iter().enumerate() {
            let statement = &text[range];
            match parse(prepare(statement, dialect), dialect) {
                Ok(parsed) => self.pieces.push(Piece::Parsed(parsed)),
                Err(refusal) => self.statement(position + 1, statement, dialect, refusal),
            }
        }
        if !self.pieces.iter().any(|piece| matches!(piece, Piece::Parsed(_))) {
            self.worsen(Confidence::Scanned, refusal.into_message());
        }
    }

    /// One statement that its dialect refused; `position` is zero when it is the whole text.
    fn statement(&mut self, position: usize, text: &str, dialect: Dialect, refusal: Refusal) {
        if matches!(refusal, Refusal::Syntax(_))
            && let Some(parsed) = parse_otherwise(text, dialect)
        {
            self.pieces.push(Piece::Parsed(parsed));
            if casts_doubt(position, &scan(text, dialect)) {
                self.worsen(Confidence::Retried, refusal.into_message());
            }
            return;
        }
        let scan = scan(text, dialect);
        if casts_doubt(position, &scan) {
            self.worsen(Confidence::Scanned, refusal.into_message());
        }
        self.pieces.push(Piece::Scanned(position.max(1), scan));
    }

    fn worsen(&mut self, confidence: Confidence, error: String) {
        if confidence > self.confidence {
            self.confidence = confidence;
            self.error = Some(error);
        }
    }
}

/// Whether how a statement was read says something about the answer: one among others that reads nothing
/// (`SET NOCOUNT ON`) does not.
fn casts_doubt(position: usize, scan: &Scan) -> bool {
    position == 0 || scan.is_query || !scan.reads.is_empty()
}
