//! Cuts a text into tokens: the same ones as sqlparser's tokenizer does, without the blanks and comments.
//!
//! Nearly all of SQL is words, blanks, brackets, plain numbers and strings, which every dialect cuts alike. They are cut
//! here, over bytes and from tables. Whatever could mean something else somewhere (`$`, `@`, `#`, escapes, prefixed
//! strings, rare operators, text outside of ASCII) is left to the tokenizer of sqlparser, a stretch up to the next blank at a
//! time, or the rest of the text where that does not tell.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{
    Location, Span, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace, Word,
};

use super::alphabet::{Alphabet, keyword};
use super::grammar::Grammar;

/// At most so many tokens are made room for before they are there.
const MOST_EXPECTED: usize = 16 * 1024;

/// The tokens of a text.
pub(super) fn cut(sql: &str, grammar: &Grammar) -> Result<Vec<TokenWithSpan>, TokenizerError> {
    let mut cutter = Cutter {
        sql,
        bytes: sql.as_bytes(),
        grammar,
        alphabet: grammar.alphabet(),
        at: 0,
        line: 1,
        line_start: 0,
        is_parted: true,
        tokens: Vec::with_capacity((sql.len() / 4 + 4).min(MOST_EXPECTED)),
    };
    while let Some(&byte) = cutter.bytes.get(cutter.at) {
        if !cutter.plain(byte) {
            cutter.by_sqlparser()?;
        }
    }
    Ok(cutter.tokens)
}

struct Cutter<'t> {
    sql: &'t str,
    bytes: &'t [u8],
    grammar: &'t Grammar,
    alphabet: &'static Alphabet,
    /// Where the next token begins.
    at: usize,
    /// Counted from one.
    line: u64,
    /// The offset from which columns count: where the line begins, and as much further as characters in it had more
    /// than one byte.
    line_start: usize,
    /// Whether blanks or comments stand between the last token and here.
    is_parted: bool,
    tokens: Vec<TokenWithSpan>,
}

impl Cutter<'_> {
    /// Takes the blank, comment or token that begins with `byte`; `false`, and nothing is taken, when it is not plain.
    fn plain(&mut self, byte: u8) -> bool {
        let next = self.byte(1);
        match byte {
            b' ' | b'\t' | b'\r' => {
                self.at += 1;
                self.is_parted = true;
                true
            }
            b'\n' => {
                self.new_line(self.at);
                self.at += 1;
                self.is_parted = true;
                true
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'(' => self.push(1, Token::LParen),
            b')' => self.push(1, Token::RParen),
            b',' => self.push(1, Token::Comma),
            b';' => self.push(1, Token::SemiColon),
            b']' => self.push(1, Token::RBracket),
            b'{' => self.push(1, Token::LBrace),
            b'}' => self.push(1, Token::RBrace),
            b'+' => self.push(1, Token::Plus),
            b'*' => self.push(1, Token::Mul),
            b'.' if !matches!(next, b'0'..=b'9' | b'_') => self.push(1, Token::Period),
            b'\'' => self.string(b'\''),
            b'"' | b'`' | b'[' if self.alphabet.quotes_name(byte) => self.quoted_name(byte),
            b'[' if !self.alphabet.is_bracket_undecided => self.push(1, Token::LBracket),
            b'"' if !self.alphabet.starts_word(byte) => self.string(b'"'),
            b'-' if next == b'-' => self.line_comment(),
            b'/' if next == b'*' => self.block_comment(),
            b'/' if next != b'/' => self.push(1, Token::Div),
            _ => self.operator(byte, next),
        }
    }

    fn operator(&mut self, byte: u8, next: u8) -> bool {
        match (byte, next) {
            (b'=', b'>') => self.push(2, Token::RArrow),
            (b'=', b'=') => self.push(2, Token::DoubleEq),
            (b'=', _) => self.push(1, Token::Eq),
            (b':', b':') => self.push(2, Token::DoubleColon),
            (b':', b'=') => self.push(2, Token::Assignment),
            (b':', _) => self.push(1, Token::Colon),
            (b'!', b'=') => self.push(2, Token::Neq),
            // of what follows, PostgreSQL's grammar could make an operator of its own
            (b'<', b'=') if self.ends_operator(2) => self.push(2, Token::LtEq),
            (b'<', b'>') if self.ends_operator(2) => self.push(2, Token::Neq),
            (b'>', b'=') if self.ends_operator(2) => self.push(2, Token::GtEq),
            (b'|', b'|') if self.ends_operator(2) => self.push(2, Token::StringConcat),
            (b'<', _) if self.ends_operator(1) => self.push(1, Token::Lt),
            (b'>', _) if self.ends_operator(1) => self.push(1, Token::Gt),
            (b'-', _) if self.ends_operator(1) => self.push(1, Token::Minus),
            (b'%', b' ' | b'\n') => self.push(1, Token::Mod),
            _ => false,
        }
    }

    /// The byte so far from here; a blank beyond the end.
    fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(self.at + offset).copied().unwrap_or(b' ')
    }

    /// Whether no grammar makes a longer operator of what stands here and what stands so far from here.
    fn ends_operator(&self, offset: usize) -> bool {
        matches!(
            self.byte(offset),
            b' ' | b'\t' | b'\r' | b'\n' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'\'' | b'"' | b'(' | b')' | b','
        )
    }

    fn word(&mut self) -> bool {
        let first = self.bytes[self.at];
        let rest = &self.bytes[self.at + 1..];
        let length = 1 + rest
            .iter()
            .position(|&byte| !self.alphabet.is_part_of_word(byte))
            .unwrap_or(rest.len());
        let is_plain = self.alphabet.starts_word(first)
            && match self.byte(length) {
                // b'…', nq'…', U&'…'
                b'\'' | b'"' | b'&' => length > 2,
                byte => byte.is_ascii(),
            };
        if is_plain {
            let text = &self.sql[self.at..self.at + length];
            let token = Token::Word(Word {
                value: text.to_owned(),
                quote_style: None,
                keyword: keyword(text),
            });
            self.push(length, token);
        }
        is_plain
    }

    /// Digits, perhaps with a fraction, and nothing after them that could belong to them.
    fn number(&mut self) -> bool {
        let digits = |from: usize| {
            let rest = &self.bytes[from.min(self.bytes.len())..];
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let mut length = digits(self.at);
        if self.byte(length) == b'.' {
            length += 1 + digits(self.at + length + 1);
        }
        let end = self.byte(length);
        let is_plain = end.is_ascii()
            && !end.is_ascii_alphanumeric()
            && !matches!(end, b'.' | b'_')
            && !self.alphabet.is_part_of_word(end);
        if is_plain {
            let text = self.sql[self.at..self.at + length].to_owned();
            self.push(length, Token::Number(text, false));
        }
        is_plain
    }

    fn string(&mut self, quote: u8) -> bool {
        if self.alphabet.has_triple_quotes && self.byte(1) == quote {
            return false;
        }
        let Some((length, value)) = self.quoted(quote, self.alphabet.has_backslash) else {
            return false;
        };
        let token = if quote == b'\'' {
            Token::SingleQuotedString(value)
        } else {
            Token::DoubleQuotedString(value)
        };
        self.push_over(length, token)
    }

    fn quoted_name(&mut self, quote: u8) -> bool {
        let end = if quote == b'[' { b']' } else { quote };
        let Some((length, value)) = self.quoted(end, false) else {
            return false;
        };
        let token = Token::Word(Word {
            value,
            quote_style: Some(char::from(quote)),
            keyword: Keyword::NoKeyword,
        });
        self.push_over(length, token)
    }

    /// The length with quotes, and the text, of what is quoted here up to `end`, which stands for itself when doubled.
    fn quoted(&self, end: u8, has_backslash: bool) -> Option<(usize, String)> {
        let inner = self.at + 1;
        let mut close = inner;
        let mut has_doubled = false;
        loop {
            match *self.bytes.get(close)? {
                byte if byte == end => {
                    if self.bytes.get(close + 1) != Some(&end) {
                        break;
                    }
                    has_doubled = true;
                    close += 2;
                }
                b'\\' if has_backslash => return None,
                _ => close += 1,
            }
        }
        let text = &self.sql[inner..close];
        let value = if has_doubled {
            let single = char::from(end).to_string();
            text.replace(&single.repeat(2), &single)
        } else {
            text.to_owned()
        };
        Some((close + 1 - self.at, value))
    }

    fn line_comment(&mut self) -> bool {
        if self.alphabet.needs_blank_in_comment
            && !matches!(self.bytes.get(self.at + 2), Some(b' ' | b'\t' | b'\r' | b'\n'))
        {
            return false;
        }
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|&byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        // Some grammars end the comment at a carriage return by itself, others do not.
        if self.byte(length) == b'\r' && self.byte(length + 1) != b'\n' {
            return false;
        }
        self.pass(length);
        self.is_parted = true;
        true
    }

    fn block_comment(&mut self) -> bool {
        if self.alphabet.has_comment_hints && self.byte(2) == b'!' {
            return false;
        }
        let mut depth = 1;
        let mut end = self.at + 2;
        while depth > 0 {
            match (self.bytes.get(end), self.bytes.get(end + 1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    end += 2;
                }
                (Some(b'/'), Some(b'*')) if self.alphabet.has_nested_comments => {
                    depth += 1;
                    end += 2;
                }
                (Some(_), Some(_)) => end += 1,
                _ => return false,
            }
        }
        self.pass(end - self.at);
        self.is_parted = true;
        true
    }

    const fn location(&self) -> Location {
        Location {
            line: self.line,
            column: (self.at - self.line_start) as u64 + 1,
        }
    }

    const fn new_line(&mut self, at: usize) {
        self.line += 1;
        self.line_start = at + 1;
    }

    /// Takes a token of so many bytes, all ASCII and in one line. Always `true`.
    fn push(&mut self, length: usize, token: Token) -> bool {
        let start = self.location();
        self.at += length;
        self.done(start, token)
    }

    /// Takes a token of so many bytes, whatever they are. Always `true`.
    fn push_over(&mut self, length: usize, token: Token) -> bool {
        let start = self.location();
        self.pass(length);
        self.done(start, token)
    }

    fn done(&mut self, start: Location, token: Token) -> bool {
        let span = Span::new(start, self.location());
        self.tokens.push(TokenWithSpan { token, span });
        self.is_parted = false;
        true
    }

    /// Goes on by so many bytes, counting lines and characters.
    fn pass(&mut self, length: usize) {
        let end = self.at + length;
        for position in self.at..end {
            match self.bytes[position] {
                b'\n' => self.new_line(position),
                // not the first byte of its character
                0x80..=0xbf => self.line_start += 1,
                _ => {}
            }
        }
        self.at = end;
    }

    /// Lets sqlparser cut what begins here: up to the next blank, or the next line, or to the end.
    fn by_sqlparser(&mut self) -> Result<(), TokenizerError> {
        let rest = &self.sql[self.at..];
        // What a bracket is depends on all that follows it.
        let is_undecided = |stretch: &str| self.alphabet.is_bracket_undecided && stretch.contains('[');
        // After these the tokenizer takes any character into a word, a line break too.
        let takes_blank = |stretch: &str| {
            ["#\n", "@\n", "#\t", "@\t"]
                .iter()
                .any(|end| stretch.ends_with(end))
        };
        let stretch = |ends: &[char]| {
            let end = rest.find(ends)?;
            Some(&rest[..=end]).filter(|stretch| !is_undecided(stretch) && !takes_blank(stretch))
        };
        for ends in [&[' ', '\t', '\n'][..], &['\n']] {
            // An error tells that something was cut in two, and so may a comment that is open to the end of its line.
            if let Some(stretch) = stretch(ends)
                && let Ok(cut) = self.cut_by_sqlparser(stretch)
                && (ends.len() == 1 || !cut.last().is_some_and(is_comment))
            {
                self.take(stretch.len(), cut);
                return Ok(());
            }
        }
        let cut = self.cut_by_sqlparser(rest)?;
        self.take(rest.len(), cut);
        Ok(())
    }

    /// The tokens of a stretch of text that begins here, blanks among them.
    fn cut_by_sqlparser(&self, stretch: &str) -> Result<Vec<TokenWithSpan>, TokenizerError> {
        let here = self.location();
        let moved = |location: Location| Location {
            line: location.line + here.line - 1,
            column: if location.line == 1 {
                location.column + here.column - 1
            } else {
                location.column
            },
        };
        // The tokenizer asks what the token before is.
        let before = match self.tokens.last() {
            Some(last) if !self.is_parted => match &last.token {
                Token::Word(_) => Some(Token::Word(Word {
                    value: String::new(),
                    quote_style: None,
                    keyword: Keyword::NoKeyword,
                })),
                token => Some(token.clone()),
            },
            _ => Some(Token::Whitespace(Whitespace::Space)),
        };
        let mut cut: Vec<_> = before.into_iter().map(TokenWithSpan::wrap).collect();
        Tokenizer::new(self.grammar, stretch)
            .tokenize_with_location_into_buf_with_mapper(&mut cut, |token| TokenWithSpan {
                span: Span::new(moved(token.span.start), moved(token.span.end)),
                token: token.token,
            })
            .map_err(|error| TokenizerError {
                location: moved(error.location),
                ..error
            })?;
        cut.remove(0);
        Ok(cut)
    }

    fn take(&mut self, length: usize, cut: Vec<TokenWithSpan>) {
        self.pass(length);
        self.is_parted = cut
            .last()
            .is_none_or(|token| matches!(token.token, Token::Whitespace(_)));
        self.tokens.extend(
            cut.into_iter()
                .filter(|token| !matches!(token.token, Token::Whitespace(_))),
        );
    }
}

fn is_comment(token: &TokenWithSpan) -> bool {
    matches!(
        token.token,
        Token::Whitespace(Whitespace::SingleLineComment { .. })
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tailwater_core::dialect::Dialect;

    use super::*;

    /// What sqlparser's tokenizer makes of the whole text.
    fn cut_whole(sql: &str, grammar: &Grammar) -> Result<Vec<TokenWithSpan>, TokenizerError> {
        let mut tokens = Tokenizer::new(grammar, sql).tokenize_with_location()?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        Ok(tokens)
    }

    fn grammars() -> impl Iterator<Item = (String, Grammar)> {
        Dialect::ALL
            .into_iter()
            .map(|dialect| (dialect.to_string(), Grammar::of(dialect)))
            .chain([("hive".to_owned(), Grammar::hive())])
    }

    fn assert_cut_alike(sql: &str) {
        for (name, grammar) in grammars() {
            let told = |token: TokenWithSpan| (token.token, token.span.start, token.span.end);
            let ours = cut(sql, &grammar).map(|tokens| tokens.into_iter().map(told).collect::<Vec<_>>());
            let whole =
                cut_whole(sql, &grammar).map(|tokens| tokens.into_iter().map(told).collect::<Vec<_>>());
            assert_eq!(ours, whole, "in {name}: {sql:?}");
        }
    }

    #[test]
    fn every_text_of_the_corpus_is_cut_as_sqlparser_does() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        for entry in std::fs::read_dir(folder).unwrap() {
            for case in std::fs::read_to_string(entry.unwrap().path())
                .unwrap()
                .split("\n----\n")
            {
                assert_cut_alike(case);
            }
        }
    }

    #[test]
    fn what_dialects_cut_in_their_own_ways_is_cut_so() {
        for sql in [
            "select a--b\nfrom t -- é\r\nwhere x = 'it''s' -- end",
            "select 1--2\n, 3 -- 4\r, 5",
            "a/*!40101 b */c /*+ hint */ d /* a /* b */ c */ e /**/ /***/ f /*/ */",
            "select '''a b''' , \"\"\"c d\"\"\", '' , ''''",
            "b'1' B\"2\" r'\\a b' n'x y' N'z' nq'[a b]' q'{it's}' e'\\' b' u&'\\0041 b' x'ff' bx nqx uu ex",
            "1.5 1. .5 1..2 a.1 a._b a .b 1e5 1e 1E+5 1_000 0x1F 5L 5l 1a 1.a 1$ 1#",
            "a||b a||-b a<-b a<b a<=-1 a<=b a<>b a>-1 a->b a->>b a-1 a--1\n a - 1 a%b a % b a|b",
            "$1 $$ a b $$ $tag$ x y $tag$ @a @@b @ 'x' #t ##t # t ?1 ? \\ ~ & ^ !x != !",
            "[a b] [a]]b] [1] x[ \"y z\" ] x[0][1] `a``b` \"a\"\"b\" \"a\nb\" c",
            "größe 'größe' \"größe\" naïve\u{a0}x größe2\u{2003}y 'a\nö' z",
            "'a\\'b' '\\\\' \"a\\\"b\" 'a%\\_b'",
            "a // b c\nd # e f\ng -- h",
            "'never closed",
            "a \"never closed\nb",
            "x /* never closed",
            "$$ never closed\n$",
            "a {b} :c ::d :=e =>f ==g; =h\u{b}i\u{c}j",
            "",
            "\n\n  \t",
        ] {
            assert_cut_alike(sql);
        }
    }

    /// The pieces that texts are made of: what begins, ends, escapes and prefixes tokens.
    const PIECES: &[&str] = &[
        "a", "B", "e", "n", "nq", "q", "r", "u&", "x", "select", "_", "1", "23", ".", ".5", "e5", "0x", "'",
        "''", "'''", "\"", "\"\"", "`", "[", "]", "(", ")", "{", "}", ",", ";", "--", "-", "/*", "*/", "/*!",
        "/", "//", "#", "$", "$$", "$t$", "@", "@@", "?", "\\", "|", "||", "<", ">", "=", "!", "~", "&", "^",
        "%", "+", "*", ":", "::", " ", "  ", "\n", "\r", "\r\n", "\t", "é", "\u{a0}", "😀", "L", "\u{b}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn any_text_is_cut_as_sqlparser_does(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
            assert_cut_alike(&pieces.concat());
        }
    }
}
