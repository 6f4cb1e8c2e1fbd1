//! A lexer that accepts every text, in time proportional to its length.

use tailwater_core::dialect::Dialect;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An unquoted word.
    Word,
    /// A name in quotes; the token's text has none.
    Quoted,
    /// A string or a number.
    Literal,
    /// One character.
    Symbol(char),
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    /// The text; of a quoted name or a string what stands between the quotes, escapes untouched.
    pub(super) text: &'t str,
    /// Where the token begins and ends in the text, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_any_word(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.iter().any(|word| self.text.eq_ignore_ascii_case(word))
    }
}

/// How a dialect writes strings, names and comments.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent rule of a dialect"
)]
struct Rules {
    /// `"…"` is a string, not a name.
    double_is_string: bool,
    /// `\'` does not end a string.
    backslash: bool,
    /// `[…]` is a name.
    brackets: bool,
    /// `#` begins a comment.
    hash_comment: bool,
    /// `//` begins a comment.
    slash_comment: bool,
    /// `$$…$$` and `$tag$…$tag$` are strings.
    dollar: bool,
    /// `'''…'''` and `"""…"""` are strings.
    triple: bool,
    /// `/* /* */ */` nests.
    nested_comment: bool,
    /// `q'[…]'` is a string.
    q_string: bool,
}

impl Rules {
    const fn of(dialect: Dialect) -> Self {
        use Dialect as D;
        Self {
            double_is_string: matches!(dialect, D::MySql | D::BigQuery | D::Spark | D::Databricks),
            backslash: matches!(
                dialect,
                D::MySql | D::BigQuery | D::Spark | D::Databricks | D::Snowflake | D::ClickHouse
            ),
            brackets: matches!(dialect, D::SqlServer | D::Sqlite),
            hash_comment: matches!(dialect, D::MySql | D::BigQuery),
            slash_comment: matches!(dialect, D::Snowflake),
            dollar: matches!(
                dialect,
                D::Postgres | D::Redshift | D::Snowflake | D::DuckDb | D::Databricks | D::Generic
            ),
            triple: matches!(dialect, D::BigQuery),
            nested_comment: matches!(
                dialect,
                D::Postgres | D::Redshift | D::SqlServer | D::DuckDb | D::ClickHouse | D::Databricks
            ),
            q_string: matches!(dialect, D::Oracle),
        }
    }
}

/// Cuts `text` into tokens; white space and comments are left out.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        position: 0,
        rules: Rules::of(dialect),
        unclosed: [false; 256],
        tokens: Vec::with_capacity(text.len() / 5),
    };
    while lexer.position < lexer.bytes.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    position: usize,
    rules: Rules,
    /// For each kind of opener, by its first byte: found once without an end. From then on it is
    /// a plain character, so that no text is searched to its end twice.
    unclosed: [bool; 256],
    tokens: Vec<Token<'t>>,
}

impl<'t> Lexer<'t> {
    fn step(&mut self) {
        let start = self.position;
        let byte = self.bytes[start];
        let next = self.bytes.get(start + 1).copied();
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => self.position += 1,
            b'-' if next == Some(b'-') => self.line_comment(),
            b'#' if self.rules.hash_comment => self.line_comment(),
            b'/' if next == Some(b'/') && self.rules.slash_comment => self.line_comment(),
            b'/' if next == Some(b'*') => self.block_comment(),
            b'\'' => self.string(b'\'', start),
            b'"' if self.rules.double_is_string => self.string(b'"', start),
            b'"' => self.quoted(b'"'),
            b'`' => self.quoted(b'`'),
            b'[' if self.rules.brackets || self.awaits_name() => self.quoted(b']'),
            b'$' if self.rules.dollar => self.dollar(),
            b'0'..=b'9' => self.number(),
            _ if byte == b'_'
                || byte == b'@'
                || byte == b'#'
                || byte.is_ascii_alphabetic()
                || byte >= 0x80 =>
            {
                self.word();
            }
            _ => self.symbol(),
        }
    }

    /// Whether a name must follow, so that a bracket quotes it whatever the dialect: Tableau and
    /// ODBC write `from [dbo].[orders]` for engines of all kinds.
    fn awaits_name(&self) -> bool {
        self.tokens
            .last()
            .is_some_and(|token| token.is('.') || token.is_any_word(&["from", "join"]))
    }

    fn push(&mut self, kind: Kind, text: &'t str, start: usize) {
        self.tokens.push(Token {
            kind,
            text,
            start,
            end: self.position,
        });
    }

    fn symbol(&mut self) {
        let start = self.position;
        let character = self.text[start..].chars().next().unwrap_or(' ');
        self.position += character.len_utf8();
        self.push(Kind::Symbol(character), &self.text[start..self.position], start);
    }

    fn line_comment(&mut self) {
        let rest = &self.bytes[self.position..];
        self.position += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
    }

    fn block_comment(&mut self) {
        if self.unclosed[usize::from(b'/')] {
            self.position += 2;
            return;
        }
        let mut at = self.position + 2;
        let mut depth = 1;
        while at + 1 < self.bytes.len() {
            match &self.bytes[at..at + 2] {
                b"*/" => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        self.position = at;
                        return;
                    }
                }
                b"/*" if self.rules.nested_comment => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.unclosed[usize::from(b'/')] = true;
        self.position += 2;
    }

    fn string(&mut self, quote: u8, start: usize) {
        if self.unclosed[usize::from(quote)] {
            self.symbol();
            return;
        }
        let triple = [quote; 3];
        if self.rules.triple && self.bytes[start..].starts_with(&triple) {
            let inner = start + 3;
            if let Some(length) = self.bytes[inner..].windows(3).position(|window| window == triple) {
                self.position = inner + length + 3;
                self.push(Kind::Literal, &self.text[inner..inner + length], start);
                return;
            }
        }
        let mut at = start + 1;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            let is_escape = byte == b'\\' && self.rules.backslash;
            if is_escape || (byte == quote && self.bytes.get(at + 1) == Some(&quote)) {
                at += 2;
            } else if byte == quote {
                self.position = at + 1;
                self.push(Kind::Literal, &self.text[start + 1..at], start);
                return;
            } else {
                at += 1;
            }
        }
        self.unclosed[usize::from(quote)] = true;
        self.symbol();
    }

    fn quoted(&mut self, close: u8) {
        let start = self.position;
        if self.unclosed[usize::from(close)] {
            self.symbol();
            return;
        }
        let mut at = start + 1;
        while at < self.bytes.len() {
            if self.bytes[at] != close {
                at += 1;
            } else if self.bytes.get(at + 1) == Some(&close) {
                at += 2;
            } else {
                self.position = at + 1;
                self.push(Kind::Quoted, &self.text[start + 1..at], start);
                return;
            }
        }
        self.unclosed[usize::from(close)] = true;
        self.symbol();
    }

    /// `$$…$$` or `$tag$…$tag$`; anything else is a parameter such as `$1`.
    fn dollar(&mut self) {
        let start = self.position;
        let tag_length = self.bytes[start + 1..]
            .iter()
            .take(64)
            .position(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
        let tag_end = tag_length.map(|length| start + 1 + length);
        if let Some(end) = tag_end
            && self.bytes.get(end) == Some(&b'$')
            && !self.unclosed[usize::from(b'$')]
        {
            let tag = &self.text[start..=end];
            let inner = end + 1;
            if let Some(length) = self.text[inner..].find(tag) {
                self.position = inner + length + tag.len();
                self.push(Kind::Literal, &self.text[inner..inner + length], start);
                return;
            }
            self.unclosed[usize::from(b'$')] = true;
        }
        self.symbol();
    }

    fn number(&mut self) {
        let start = self.position;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
        self.position += self.bytes[start..]
            .iter()
            .take_while(|byte| is_part(byte))
            .count();
        self.push(Kind::Literal, &self.text[start..self.position], start);
    }

    fn word(&mut self) {
        let start = self.position;
        let length = self.text[start..]
            .find(|character: char| {
                !(character.is_alphanumeric() || matches!(character, '_' | '@' | '#' | '$'))
            })
            .unwrap_or(self.text.len() - start);
        if length == 0 {
            // White space beyond ASCII, such as a no-break space from a web page.
            let character = self.text[start..].chars().next().unwrap_or(' ');
            if character.is_whitespace() || character == '\u{feff}' || character == '\u{200b}' {
                self.position += character.len_utf8();
            } else {
                self.symbol();
            }
            return;
        }
        self.position = start + length;
        let text = &self.text[start..self.position];
        if self.rules.q_string
            && (text.eq_ignore_ascii_case("q") || text.eq_ignore_ascii_case("nq"))
            && self.bytes.get(self.position) == Some(&b'\'')
            && self.q_string(start)
        {
            return;
        }
        self.push(Kind::Word, text, start);
    }

    /// Oracle's `q'[it's]'`.
    fn q_string(&mut self, start: usize) -> bool {
        let Some(open) = self.text[self.position + 1..].chars().next() else {
            return false;
        };
        if self.unclosed[usize::from(b'q')] {
            return false;
        }
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let inner = self.position + 1 + open.len_utf8();
        let mut end = String::from(close);
        end.push('\'');
        let Some(length) = self.text[inner..].find(&end) else {
            self.unclosed[usize::from(b'q')] = true;
            return false;
        };
        self.position = inner + length + end.len();
        self.push(Kind::Literal, &self.text[inner..inner + length], start);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str, dialect: Dialect) -> Vec<(Kind, &str)> {
        tokens(text, dialect)
            .into_iter()
            .map(|token| (token.kind, token.text))
            .collect()
    }

    #[test]
    fn quotes_follow_the_dialect() {
        assert_eq!(lexed("\"a\"", Dialect::Postgres), [(Kind::Quoted, "a")]);
        assert_eq!(lexed("\"a\"", Dialect::MySql), [(Kind::Literal, "a")]);
        assert_eq!(lexed("[a b]", Dialect::SqlServer), [(Kind::Quoted, "a b")]);
        assert_eq!(lexed("'it''s'", Dialect::Postgres), [(Kind::Literal, "it''s")]);
        assert_eq!(lexed(r"'it\'s'", Dialect::BigQuery), [(Kind::Literal, r"it\'s")]);
        assert_eq!(lexed("q'[it's]'", Dialect::Oracle), [(Kind::Literal, "it's")]);
        assert_eq!(lexed("$x$ ' $x$", Dialect::Postgres), [(Kind::Literal, " ' ")]);
        assert_eq!(lexed("'''a'b'''", Dialect::BigQuery), [(Kind::Literal, "a'b")]);
    }

    #[test]
    fn comments_are_left_out() {
        assert_eq!(lexed("a -- b\nc", Dialect::Generic).len(), 2);
        assert_eq!(lexed("a /* /* */ b */ c", Dialect::Postgres).len(), 2);
        assert_eq!(lexed("a # b\nc", Dialect::MySql).len(), 2);
        assert_eq!(lexed("a // b\nc", Dialect::Snowflake).len(), 2);
        assert_eq!(lexed("a\u{a0}b\u{feff}c", Dialect::Generic).len(), 3);
    }

    #[test]
    fn what_is_never_closed_is_a_plain_character() {
        for text in [
            "a ' b", "a \" b", "a ` b", "a /* b", "a $$ b", "q'[ b", "é ' ü", "'", "\\", "'\\",
        ] {
            for dialect in Dialect::ALL {
                let found = tokens(text, dialect);
                assert!(
                    found.iter().all(|token| token.end <= text.len()),
                    "{text} {dialect}"
                );
                if text.ends_with(" b") && !(text.contains('#')) {
                    assert!(
                        found.last().is_some_and(|token| token.text == "b"),
                        "{text} {dialect}"
                    );
                }
            }
        }
    }
}
