//! Untrusted text made fit for a terminal.
//!
//! Names of workbooks, descriptions of models and messages of servers are written by strangers. Printed
//! raw they could move the cursor, change colours, set the window's title, draw a second line that looks
//! like ours, or turn the reading direction so that a name reads as another. Two rules, one for each output:
//!
//! - Text for people: escape sequences vanish whole, line breaks and tabs become blanks, other control
//!   and direction characters vanish.
//! - JSON for machines: nothing is lost; what a terminal would act on is written as `\uXXXX`.

use std::borrow::Cow;
use std::io;

use serde_json::ser::{Formatter, PrettyFormatter};

/// The beginning of every escape sequence.
const ESCAPE: char = '\u{1b}';

/// The text as one harmless line.
pub fn to_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_active) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            ESCAPE => skip_sequence(&mut rest),
            // The same introducers as single characters.
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\r' if rest.as_str().starts_with('\n') => {}
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => line.push(' '),
            _ if is_active(character) => {}
            _ => line.push(character),
        }
    }
    Cow::Owned(line)
}

/// Skips what follows an escape character (ECMA-48, section 5.3 and 5.4).
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.clone().next() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        // Intermediate characters, then one final character: `ESC ( B`.
        Some(' '..='/') => {
            while matches!(rest.clone().next(), Some(' '..='/')) {
                rest.next();
            }
            skip_one_if(rest, |character| ('0'..='~').contains(&character));
        }
        Some('0'..='~') => {
            rest.next();
        }
        _ => {}
    }
}

/// Skips parameters, intermediate characters and the final character of a control sequence.
fn skip_control_sequence(rest: &mut std::str::Chars<'_>) {
    while matches!(rest.clone().next(), Some(' '..='?')) {
        rest.next();
    }
    skip_one_if(rest, |character| ('@'..='~').contains(&character));
}

/// Skips a command string up to its end: BEL, ST, or `ESC \`. One that has no end takes nothing with it:
/// a name must not be able to hide what a person needs to read.
fn skip_string(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    while let Some(character) = ahead.next() {
        match character {
            '\u{7}' | '\u{9c}' => {
                *rest = ahead;
                return;
            }
            ESCAPE => {
                skip_one_if(&mut ahead, |character| character == '\\');
                *rest = ahead;
                return;
            }
            _ => {}
        }
    }
}

fn skip_one_if(rest: &mut std::str::Chars<'_>, is_meant: impl Fn(char) -> bool) {
    if rest.clone().next().is_some_and(is_meant) {
        rest.next();
    }
}

/// Whether a terminal acts on the character instead of showing it: controls, line separators, and what
/// turns the reading direction or is invisible (Unicode Standard Annex 9, section 2; the joiners that
/// scripts and emoji need stay).
const fn is_active(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// JSON in which every character that a terminal acts on is an escape. Parsed, it is the same value.
pub struct SafeJson<F>(F);

impl SafeJson<PrettyFormatter<'static>> {
    /// Indented, for documents.
    pub fn pretty() -> Self {
        Self(PrettyFormatter::new())
    }
}

impl SafeJson<serde_json::ser::CompactFormatter> {
    /// On one line.
    pub const fn compact() -> Self {
        Self(serde_json::ser::CompactFormatter)
    }
}

/// Passes every call on to the formatter inside, except for the text of strings.
impl<F: Formatter> Formatter for SafeJson<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Plain ASCII without DEL, the usual case, has nothing to look for.
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut shown = 0;
        for (at, character) in fragment.char_indices().filter(|(_, one)| is_active(*one)) {
            writer.write_all(&fragment.as_bytes()[shown..at])?;
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            shown = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[shown..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Serialize;

    use super::*;

    #[rstest]
    #[case("Umsätze 2025 📈 👩\u{200d}💻", "Umsätze 2025 📈 👩\u{200d}💻")]
    #[case("red \u{1b}[31;1mname\u{1b}[0m", "red name")]
    #[case("title \u{1b}]0;owned\u{7}!", "title !")]
    #[case("link \u{1b}]8;;http://x\u{1b}\\text\u{1b}]8;;\u{1b}\\", "link text")]
    #[case("never ends \u{1b}]0;but is read", "never ends 0;but is read")]
    #[case("one byte \u{9b}2Jgone", "one byte gone")]
    #[case("charset \u{1b}(Bx", "charset x")]
    #[case("two\r\nlines\nand\ttabs", "two lines and tabs")]
    #[case("back\u{8}space\u{0}\u{7f}", "backspace")]
    #[case("gpj.\u{202e}exe.txt\u{2066}", "gpj.exe.txt")]
    #[case("\u{1b}", "")]
    #[case("\u{1b}[", "")]
    fn what_a_terminal_would_act_on_does_not_reach_it(#[case] text: &str, #[case] line: &str) {
        assert_eq!(to_line(text), line);
    }

    #[test]
    fn no_control_character_survives() {
        let every: String = ('\0'..='\u{ffff}').collect();
        assert!(!to_line(&every).chars().any(is_active));
    }

    #[test]
    fn json_loses_nothing_and_shows_nothing_active() {
        let text = "a\u{9b}2J\u{202e}b\u{7f}\u{1b}[31m\nü\"\u{e0001}";
        let mut written = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut written, SafeJson::compact());
        serde_json::json!({ "name": [text] })
            .serialize(&mut serializer)
            .unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(!written.chars().any(is_active), "{written:?}");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["name"][0], text);
    }
}
