//! What a command has to say to people: lines and tables, with the meaning of each piece but without a
//! terminal in mind. [`Document::to_text`] makes text of it, for a given width, with or without colour.
//!
//! Every piece of text goes through [`escape::to_line`] on its way in, so that no name or message of a
//! stranger can reach a terminal in any other way. Colour only repeats what the words say already.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::escape;
use crate::report::Report;
use crate::table::Table;

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Running text.
    #[default]
    Plain,
    /// The thing that is spoken of.
    Strong,
    /// What only the curious read.
    Faint,
    /// All is well.
    Good,
    /// Usable with a limit.
    Warning,
    /// Does not work.
    Bad,
    /// Something to type or to look for.
    Literal,
}

impl Style {
    /// Select Graphic Rendition (ECMA-48, section 8.3.117); empty for running text.
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Faint => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Warning => "\u{1b}[33m",
            Self::Bad => "\u{1b}[31m",
            Self::Literal => "\u{1b}[36m",
        }
    }
}

impl Style {
    /// A text that is one line already, in this style where colour is wanted.
    pub fn paint(self, text: &str, is_coloured: bool) -> String {
        match self.code() {
            "" => text.to_owned(),
            _ if !is_coloured => text.to_owned(),
            code => format!("{code}{text}{RESET}"),
        }
    }
}

const RESET: &str = "\u{1b}[0m";

/// A paragraph: pieces of text with a meaning each, broken at blanks where the width demands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    spans: Vec<(Style, String)>,
    /// Blanks in front of the first line.
    indent: usize,
    /// Blanks in front of the lines after it, on top of `indent`.
    hanging: usize,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Blanks in front of every line.
    pub const fn indent(mut self, blanks: usize) -> Self {
        self.indent = blanks;
        self
    }

    /// More blanks in front of the lines after the first.
    pub const fn hanging(mut self, blanks: usize) -> Self {
        self.hanging = blanks;
        self
    }

    /// Adds text of the given meaning.
    pub fn styled(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.spans
            .push((style, escape::to_line(text.as_ref()).into_owned()));
        self
    }

    /// Adds running text.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.styled(Style::Plain, text)
    }

    /// Adds the thing that is spoken of.
    pub fn strong(self, text: impl AsRef<str>) -> Self {
        self.styled(Style::Strong, text)
    }

    /// Adds what only the curious read.
    pub fn faint(self, text: impl AsRef<str>) -> Self {
        self.styled(Style::Faint, text)
    }

    /// Adds running text in which what stands between backticks is to be typed.
    pub fn prose(mut self, text: impl AsRef<str>) -> Self {
        for (position, piece) in text.as_ref().split('`').enumerate() {
            if position % 2 == 0 {
                self = self.plain(piece);
            } else {
                self = self.styled(Style::Literal, format!("`{piece}`"));
            }
        }
        self
    }

    fn write(&self, text: &mut String, width: usize, is_coloured: bool) {
        let mut pen = Pen {
            text,
            style: Style::Plain,
            is_coloured,
        };
        pen.blanks(self.indent);
        let mut column = self.indent;
        let mut is_at_start = true;
        // Blanks that are written only when something follows on the same line.
        let mut blanks = 0;
        for (style, piece) in self.pieces() {
            let word = piece.trim_start_matches(' ');
            blanks += piece.len() - word.len();
            if word.is_empty() {
                continue;
            }
            if !is_at_start && blanks > 0 && column + blanks + word.width() > width {
                column = self.indent + self.hanging;
                pen.change(Style::Plain);
                pen.text.push('\n');
                pen.blanks(column);
                blanks = 0;
            }
            if pen.style != style {
                pen.change(Style::Plain);
            }
            pen.blanks(blanks);
            pen.change(style);
            pen.text.push_str(word);
            column += blanks + word.width();
            (blanks, is_at_start) = (0, false);
        }
        pen.change(Style::Plain);
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }

    /// The pieces between which a line may break: each begins with the blanks in front of it.
    fn pieces(&self) -> impl Iterator<Item = (Style, &str)> {
        self.spans.iter().flat_map(|(style, text)| {
            let mut rest = text.as_str();
            std::iter::from_fn(move || {
                if rest.is_empty() {
                    return None;
                }
                let word_start = rest.len() - rest.trim_start_matches(' ').len();
                let end = rest[word_start..]
                    .find(' ')
                    .map_or(rest.len(), |at| word_start + at);
                let (word, behind) = rest.split_at(end);
                rest = behind;
                Some((*style, word))
            })
        })
    }
}

/// Writes text in one style after another.
struct Pen<'t> {
    text: &'t mut String,
    style: Style,
    is_coloured: bool,
}

impl Pen<'_> {
    fn change(&mut self, style: Style) {
        if self.is_coloured && self.style != style {
            let (before, after) = (self.style, style.code());
            self.text
                .push_str(if before == Style::Plain { after } else { RESET });
            if before != Style::Plain {
                self.text.push_str(after);
            }
        }
        self.style = style;
    }

    fn blanks(&mut self, count: usize) {
        self.text.push_str(&" ".repeat(count));
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().prose(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().prose(text)
    }
}

#[derive(Debug, Clone)]
enum Block {
    Line(Line),
    Table(Table),
}

/// Lines and tables, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Document {
    blocks: Vec<Block>,
}

impl Document {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a paragraph.
    pub fn line(&mut self, line: impl Into<Line>) {
        self.blocks.push(Block::Line(line.into()));
    }

    /// Adds an empty line, unless it would be the first or there is one.
    pub fn blank(&mut self) {
        let is_wanted = match self.blocks.last() {
            None => false,
            Some(Block::Line(line)) => *line != Line::default(),
            Some(Block::Table(_)) => true,
        };
        if is_wanted {
            self.line(Line::new());
        }
    }

    /// Adds a title with an empty line before it.
    pub fn heading(&mut self, text: impl AsRef<str>) {
        self.blank();
        self.line(Line::new().strong(text));
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    /// Adds why something failed and what to do next, below the thing that failed.
    pub fn reason(&mut self, error: &Report) {
        let below = || Line::new().indent(2).hanging(2);
        self.line(below().prose(&error.message));
        for cause in &error.causes {
            self.line(below().faint(format!("cause: {cause}")));
        }
        if let Some(hint) = &error.hint {
            self.line(below().prose(format!("hint: {hint}")));
        }
    }

    /// The text for a terminal of the given width.
    pub fn to_text(&self, width: usize, is_coloured: bool) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            match block {
                Block::Line(line) => line.write(&mut text, width, is_coloured),
                Block::Table(table) => table.write(&mut text, width, is_coloured),
            }
        }
        text
    }
}

impl From<Line> for Document {
    fn from(line: Line) -> Self {
        Self {
            blocks: vec![Block::Line(line)],
        }
    }
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Line::from(text).into()
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Line::from(text).into()
    }
}

/// The text as one line of at most the given width; what does not fit ends in an ellipsis.
pub fn clipped(text: &str, width: usize) -> String {
    let line = escape::to_line(text);
    if line.width() <= width {
        return line.into_owned();
    }
    let mut clipped = String::new();
    let mut column = 0;
    for character in line.chars() {
        column += character.width().unwrap_or(0);
        if column >= width {
            break;
        }
        clipped.push(character);
    }
    clipped.truncate(clipped.trim_end().len());
    clipped.push('…');
    clipped
}

/// `1 table`, `2 tables`, `0 analyses`, `2 processes`, `3 saved queries`. An underscore in the noun becomes a blank.
pub fn counted(count: usize, noun: &str) -> String {
    let noun = noun.replace('_', " ");
    if count == 1 {
        return format!("1 {noun}");
    }
    if let Some(stem) = noun.strip_suffix("is") {
        return format!("{count} {stem}es");
    }
    if noun.ends_with('s') {
        return format!("{count} {noun}es");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_at_blanks_and_hang() {
        let line = Line::new()
            .indent(2)
            .hanging(2)
            .plain("one two three ")
            .strong("four five");
        let document = Document::from(line);
        assert_eq!(
            document.to_text(12, false),
            "  one two\n    three\n    four\n    five\n"
        );
        assert_eq!(document.to_text(80, false), "  one two three four five\n");
    }

    #[test]
    fn a_word_longer_than_the_line_stays_whole() {
        let document = Document::from(Line::new().plain("see https://example.org/a/long/address now"));
        assert_eq!(
            document.to_text(10, false),
            "see\nhttps://example.org/a/long/address\nnow\n"
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        let document = Document::from(Line::new().plain("売上 売上"));
        assert_eq!(document.to_text(9, false), "売上 売上\n");
        assert_eq!(document.to_text(8, false), "売上\n売上\n");
    }

    #[test]
    fn colour_is_only_put_where_it_is_wanted_and_ours() {
        let document = Document::from(Line::new().strong("a\u{1b}[31mb"));
        assert_eq!(document.to_text(80, false), "ab\n");
        assert_eq!(document.to_text(80, true), "\u{1b}[1mab\u{1b}[0m\n");
    }

    #[test]
    fn what_is_to_be_typed_is_marked_in_prose() {
        let document = Document::from("run `tailwater sync` now");
        assert_eq!(document.to_text(80, false), "run `tailwater sync` now\n");
        assert_eq!(
            document.to_text(80, true),
            "run \u{1b}[36m`tailwater sync`\u{1b}[0m now\n"
        );
    }

    #[test]
    fn clipped_text_ends_in_an_ellipsis() {
        assert_eq!(clipped("short", 5), "short");
        assert_eq!(clipped("longer than that", 8), "longer…");
        assert_eq!(clipped("売上売上", 6), "売上…");
        assert_eq!(clipped("two\nlines", 9), "two lines");
    }

    #[test]
    fn counted_nouns_have_their_right_form() {
        assert_eq!(counted(1, "model"), "1 model");
        assert_eq!(counted(27, "model"), "27 models");
        assert_eq!(counted(0, "analysis"), "0 analyses");
        assert_eq!(counted(0, "process"), "0 processes");
        assert_eq!(counted(1, "saved_query"), "1 saved query");
        assert_eq!(counted(2, "saved_query"), "2 saved queries");
        assert_eq!(counted(2, "key"), "2 keys");
        assert_eq!(counted(2, "unit_test"), "2 unit tests");
    }

    #[test]
    fn empty_lines_do_not_pile_up() {
        let mut document = Document::new();
        document.blank();
        document.line("a");
        document.blank();
        document.heading("b");
        assert_eq!(document.to_text(80, false), "a\n\nb\n");
    }
}
