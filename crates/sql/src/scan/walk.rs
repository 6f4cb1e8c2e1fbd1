//! The walk over the tokens of one statement.

use std::collections::{HashMap, HashSet};

use tailwater_core::dialect::Dialect;

use crate::rule::recursion_needs_no_mark;

use super::lexer::{Kind, Token, tokens};
use super::word::{HINTS, PARTED_BY_FROM, ends_from, may_be_alias, may_be_name};

/// A relation that a scanned statement reads or makes: its parts, outermost first, each with
/// whether it stood in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) parts: Vec<(String, bool)>,
}

impl Found {
    /// A variable that holds a table, or a stage of files: no relation.
    fn is_variable(&self) -> bool {
        matches!(self.parts.as_slice(), [(first, false), ..] if first.starts_with('@'))
    }
}

/// What a scan of one statement brings.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// In order of appearance, with repeats.
    pub(crate) reads: Vec<Found>,
    /// The relation that a CREATE or a SELECT INTO makes.
    pub(crate) creates: Option<Found>,
    /// Whether there was a SELECT or a FROM at all.
    pub(crate) is_query: bool,
}

/// One level of brackets.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    /// The call is one whose arguments FROM parts: `extract(day from d)`.
    parts_by_from: bool,
    has_select: bool,
    /// In the FROM clause: a comma leads to another relation.
    in_from: bool,
    /// A relation is awaited.
    awaits: bool,
    /// The relation that is awaited is written to, not read.
    is_target: bool,
    /// In a MERGE or a DELETE, whose USING names what is read.
    has_using: bool,
}

/// Scans one statement.
pub(crate) fn scan(text: &str, dialect: Dialect) -> Scan {
    let tokens = tokens(text, dialect);
    let ctes = ctes(&tokens, dialect);
    let mut walk = Walk {
        text,
        dialect,
        tokens: &tokens,
        ctes,
        aliases: HashSet::new(),
        frames: vec![Frame::default()],
        scan: Scan::default(),
    };
    let mut position = 0;
    while position < tokens.len() {
        position = walk.step(position);
    }
    if !walk.may_read() {
        walk.scan = Scan::default();
    }
    walk.scan
}

/// What a statement begins with that reads relations without a SELECT.
const READS_WITHOUT_SELECT: &[&str] = &[
    "cache", "copy", "create", "del", "delete", "explain", "export", "from", "insert", "merge", "pivot",
    "replace", "table", "unload", "unpivot", "update", "with",
];

struct Walk<'w, 't> {
    text: &'t str,
    dialect: Dialect,
    tokens: &'w [Token<'t>],
    /// For each folded name of a CTE where it can be used from.
    ctes: HashMap<String, usize>,
    /// Folded aliases seen so far.
    aliases: HashSet<String>,
    frames: Vec<Frame>,
    scan: Scan,
}

impl Walk<'_, '_> {
    /// Handles the token at `position`; returns the next position.
    fn step(&mut self, position: usize) -> usize {
        let token = self.tokens[position];
        let mut frame = self.frames.pop().unwrap_or_default();
        match token.kind {
            Kind::Symbol('(') => {
                let inner = Frame {
                    parts_by_from: self.parts_by_from(position),
                    in_from: frame.awaits,
                    awaits: frame.awaits,
                    ..Frame::default()
                };
                frame.awaits = false;
                self.frames.extend([frame, inner]);
                return position + 1;
            }
            Kind::Symbol(')') => {
                if self.frames.is_empty() {
                    self.frames.push(frame);
                }
                return self.after_relation(position + 1);
            }
            Kind::Symbol(',') => frame.awaits = frame.in_from,
            Kind::Word | Kind::Quoted if frame.awaits => {
                if token.is_any_word(&["only", "lateral", "table"]) && !self.is_symbol(position + 1, '.') {
                    frame.awaits = !self.next_is_word(position, "view");
                    if !frame.awaits {
                        frame.in_from = false;
                    }
                } else if may_be_name(&token) {
                    frame.awaits = false;
                    let is_target = std::mem::take(&mut frame.is_target);
                    self.frames.push(frame);
                    return self.relation(position, is_target);
                } else {
                    frame.awaits = false;
                    // `from (with c as (…), d as (…) select …)`: the commas are those of the WITH.
                    frame.in_from &= !token.is_word("with");
                    self.word(position, &mut frame);
                }
            }
            Kind::Word => self.word(position, &mut frame),
            Kind::Literal | Kind::Symbol(_) if frame.awaits => frame.awaits = false,
            _ => {}
        }
        self.frames.push(frame);
        position + 1
    }

    fn word(&mut self, position: usize, frame: &mut Frame) {
        let token = self.tokens[position];
        if token.is_word("from") {
            self.from(position, frame);
        } else if token.is_any_word(&["join", "straight_join"])
            // not ClickHouse's `* APPLY(sum)`
            || (token.is_word("apply") && self.previous_is_word(position, &["cross", "outer"]))
            // A table operator's input: `nPath(ON orders PARTITION BY …)`.
            || (token.is_word("on") && self.dialect == Dialect::Teradata && self.follows_bracket(position))
        {
            frame.in_from = true;
            frame.awaits = true;
        } else if token.is_any_word(&["select", "sel"]) {
            self.scan.is_query = true;
            frame.has_select = true;
            frame.in_from = false;
            frame.awaits = false;
        } else if token.is_word("using") {
            if frame.has_using {
                frame.in_from = true;
                frame.awaits = true;
            }
        } else if token.is_word("merge") {
            frame.has_using = true;
        } else if token.is_word("update") && self.is_start(position) {
            frame.awaits = true;
            frame.is_target = true;
        } else if token.is_word("lateral") {
            frame.in_from = false;
            frame.awaits = false;
        } else if token.is_word("into") && frame.has_select {
            self.creates(position + 1);
        } else if token.is_word("create") && self.is_start(position) {
            self.create(position);
        } else if ends_from(&token) {
            frame.in_from = false;
            frame.awaits = false;
        }
    }

    fn from(&mut self, position: usize, frame: &mut Frame) {
        let is_distinct_from = self.previous_is_word(position, &["distinct"])
            && position >= 2
            && self.tokens[position - 2].is_any_word(&["is", "not"]);
        if is_distinct_from || (frame.parts_by_from && !frame.has_select) {
            return;
        }
        self.scan.is_query = true;
        frame.in_from = true;
        frame.awaits = true;
        if self.previous_is_word(position, &["delete", "del"]) {
            frame.is_target = true;
            frame.has_using = true;
        }
    }

    /// Reads a relation's name and what follows it.
    fn relation(&mut self, position: usize, is_target: bool) -> usize {
        let (found, next) = self.path(position);
        if self.is_symbol(next, '(')
            && !self
                .tokens
                .get(next + 1)
                .is_some_and(|token| token.is_any_word(HINTS))
        {
            // A table function: its brackets are an expression.
            return next;
        }
        let next = self.after_relation(next);
        if !is_target && !found.is_variable() && !self.is_cte(&found, position) && !self.is_array(&found) {
            self.scan.reads.push(found);
        }
        next
    }

    /// Notes the alias of a relation that ended before `position`.
    fn after_relation(&mut self, position: usize) -> usize {
        let in_from = self.frames.last().is_some_and(|frame| frame.in_from);
        let mut at = position;
        if !in_from {
            return at;
        }
        if self.tokens.get(at).is_some_and(|token| token.is_word("as")) {
            at += 1;
        }
        match self.tokens.get(at) {
            Some(token) if matches!(token.kind, Kind::Quoted) || may_be_alias(token) => {
                if matches!(token.kind, Kind::Word | Kind::Quoted) {
                    self.aliases.insert(token.text.to_lowercase());
                    return at + 1;
                }
                position
            }
            _ => position,
        }
    }

    /// The name that begins at `position`, and where it ends.
    fn path(&self, position: usize) -> (Found, usize) {
        let mut parts = Vec::new();
        let mut at = position;
        loop {
            match self.tokens.get(at) {
                Some(token) if token.is('.') => {
                    // `db..table`
                    parts.push((String::new(), false));
                    at += 1;
                    continue;
                }
                Some(token) if token.kind == Kind::Quoted => {
                    let text = unescaped(token.text);
                    if self.dialect == Dialect::BigQuery {
                        let mut split = Vec::new();
                        crate::name::split_quoted_path(&text, &mut split);
                        parts.extend(split.into_iter().map(|part| (part.text.to_owned(), true)));
                    } else {
                        parts.push((text, true));
                    }
                }
                Some(token) if matches!(token.kind, Kind::Word | Kind::Literal) => {
                    at = self.hyphenated_end(at);
                    let text = &self.text[token.start..self.tokens[at].end];
                    if let Some((table, _)) = text.split_once('@')
                        && !table.is_empty()
                    {
                        parts.push((table.to_owned(), false));
                        return (Found { parts }, self.link_end(at));
                    }
                    parts.push((text.to_owned(), false));
                }
                _ => break,
            }
            at += 1;
            if self.is_symbol(at, '.') {
                at += 1;
            } else {
                break;
            }
        }
        (Found { parts }, at.max(position + 1))
    }

    /// The end of a database link that begins in the token at `position`: `orders@remote.example.com`, `orders@"Remote"`.
    fn link_end(&self, position: usize) -> usize {
        let is_open = self.tokens[position].text.ends_with('@');
        let mut end = position + 1 + usize::from(is_open);
        while self.is_symbol(end, '.') {
            end += 2;
        }
        end.min(self.tokens.len())
    }

    /// BigQuery's project names hold dashes: the last token of `my-project-1`.
    fn hyphenated_end(&self, position: usize) -> usize {
        let mut at = position;
        if self.dialect != Dialect::BigQuery {
            return at;
        }
        while let [left, dash, right, ..] = &self.tokens[at..]
            && dash.is('-')
            && left.end == dash.start
            && dash.end == right.start
            && matches!(right.kind, Kind::Word | Kind::Literal)
        {
            at += 2;
        }
        at
    }

    fn is_cte(&self, found: &Found, position: usize) -> bool {
        match found.parts.as_slice() {
            [(name, _)] => self
                .ctes
                .get(&name.to_lowercase())
                .is_some_and(|&usable_from| position >= usable_from),
            _ => false,
        }
    }

    /// `from orders o, o.items` unrolls an array.
    fn is_array(&self, found: &Found) -> bool {
        let unrolls = matches!(
            self.dialect,
            Dialect::BigQuery | Dialect::Redshift | Dialect::Spark | Dialect::Databricks | Dialect::Generic
        );
        unrolls && found.parts.len() > 1 && self.aliases.contains(&found.parts[0].0.to_lowercase())
    }

    /// `CREATE OR REPLACE TEMP TABLE IF NOT EXISTS x`.
    fn create(&mut self, position: usize) {
        let limit = self.tokens.len().min(position + 8);
        let Some(kind) = (position + 1..limit).find(|&at| self.tokens[at].is_any_word(&["table", "view"]))
        else {
            return;
        };
        let mut at = kind + 1;
        while self
            .tokens
            .get(at)
            .is_some_and(|token| token.is_any_word(&["if", "not", "exists"]))
        {
            at += 1;
        }
        self.creates(at);
    }

    fn creates(&mut self, position: usize) {
        if self
            .tokens
            .get(position)
            .is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
        {
            self.scan.creates = Some(self.path(position).0);
        }
    }

    /// Whether the text is a statement that reads: neither prose (`ask Anna where it comes from`) nor `SHOW TABLES FROM x`.
    fn may_read(&self) -> bool {
        let first = self.tokens.iter().find(|token| matches!(token.kind, Kind::Word));
        first.is_some_and(|token| token.is_any_word(READS_WITHOUT_SELECT))
            || self
                .tokens
                .iter()
                .any(|token| token.is_any_word(&["select", "sel", "insert", "merge", "delete"]))
    }

    fn is_start(&self, position: usize) -> bool {
        position == 0
            || self.tokens[position - 1].is(';')
            || self.previous_is_word(position, &["begin", "then"])
    }

    /// Only the calls that are known for it: in text that lacks a bracket, FROM ends the call.
    fn parts_by_from(&self, open: usize) -> bool {
        self.previous_is_word(open, PARTED_BY_FROM)
    }

    fn follows_bracket(&self, position: usize) -> bool {
        position
            .checked_sub(1)
            .is_some_and(|before| self.tokens[before].is('('))
    }

    fn is_symbol(&self, position: usize, symbol: char) -> bool {
        self.tokens.get(position).is_some_and(|token| token.is(symbol))
    }

    fn next_is_word(&self, position: usize, word: &str) -> bool {
        self.tokens
            .get(position + 1)
            .is_some_and(|token| token.is_word(word))
    }

    fn previous_is_word(&self, position: usize, words: &[&str]) -> bool {
        position
            .checked_sub(1)
            .is_some_and(|before| self.tokens[before].is_any_word(words))
    }
}

/// The CTEs of a statement: the folded name, and the position from which it can be used: after
/// its definition, or inside it too when it is recursive.
fn ctes(tokens: &[Token<'_>], dialect: Dialect) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    if !tokens.iter().any(|token| token.is_word("with")) {
        return found;
    }
    let closing = closing_brackets(tokens);
    let mut recursive = false;
    for (position, token) in tokens.iter().enumerate() {
        if token.is_word("recursive") {
            recursive = true;
        }
        if !matches!(token.kind, Kind::Word | Kind::Quoted) {
            continue;
        }
        let follows = position.checked_sub(1).is_some_and(|before| {
            let before = tokens[before];
            before.is(',') || before.is_any_word(&["with", "recursive"])
        });
        if !follows {
            continue;
        }
        let mut at = position + 1;
        if tokens.get(at).is_some_and(|token| token.is('(')) {
            match closing.get(&at) {
                Some(close) => at = close + 1,
                None => continue,
            }
        }
        // DuckDB: `WITH RECURSIVE c(n) USING KEY (n) AS (…)`
        if tokens.get(at).is_some_and(|token| token.is_word("using"))
            && let Some(close) = closing.get(&(at + 2))
        {
            at = close + 1;
        }
        if !tokens.get(at).is_some_and(|token| token.is_word("as")) {
            continue;
        }
        at += 1;
        while tokens
            .get(at)
            .is_some_and(|token| token.is_any_word(&["not", "materialized"]))
        {
            at += 1;
        }
        let opens_query = tokens.get(at).is_some_and(|token| token.is('('))
            && tokens.get(at + 1).is_some_and(|token| {
                token.is('(')
                    || token.is_any_word(&[
                        "select", "sel", "with", "values", "from", "insert", "update", "delete", "locking",
                    ])
            });
        if opens_query {
            let close = closing.get(&at).copied();
            // Without the mark, a CTE that reads its own name does so after a UNION.
            let is_recursive = recursive
                || (recursion_needs_no_mark(dialect)
                    && close
                        .is_some_and(|close| tokens[at..close].iter().any(|token| token.is_word("union"))));
            let usable_from = if is_recursive { at } else { close.unwrap_or(at) };
            found.entry(token.text.to_lowercase()).or_insert(usable_from);
        }
    }
    found
}

/// For each `(` that is closed, where.
fn closing_brackets(tokens: &[Token<'_>]) -> HashMap<usize, usize> {
    let mut opened = Vec::new();
    let mut closing = HashMap::new();
    for (position, token) in tokens.iter().enumerate() {
        if token.is('(') {
            opened.push(position);
        } else if token.is(')')
            && let Some(open) = opened.pop()
        {
            closing.insert(open, position);
        }
    }
    closing
}

/// A quoted name without the doubling of its closing quote.
fn unescaped(text: &str) -> String {
    text.replace("\"\"", "\"").replace("``", "`").replace("]]", "]")
}
