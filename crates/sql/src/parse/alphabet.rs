//! What the characters of a grammar mean, in tables; and its keywords.
//!
//! The tokenizer of sqlparser asks its dialect about each character, through two virtual calls. The answers for ASCII
//! never change, so they are asked for once a process.

use std::sync::{LazyLock, OnceLock};

use sqlparser::dialect::Dialect as SqlparserDialect;
use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, Keyword};
use tailwater_core::dialect::Dialect;

/// A set of ASCII characters.
#[derive(Debug, Clone, Copy, Default)]
struct AsciiSet(u128);

impl AsciiSet {
    fn of(mut has: impl FnMut(char) -> bool) -> Self {
        let mut bits = 0;
        for byte in 0..128_u8 {
            bits |= u128::from(has(char::from(byte))) << byte;
        }
        Self(bits)
    }

    const fn has(self, byte: u8) -> bool {
        byte < 128 && (self.0 >> byte) & 1 == 1
    }
}

/// What a grammar says of ASCII characters and of how strings and comments end.
#[derive(Debug)]
pub(super) struct Alphabet {
    starts: AsciiSet,
    parts: AsciiSet,
    quotes: AsciiSet,
    /// `[` quotes a name or indexes an array, which is told from what follows.
    pub(super) is_bracket_undecided: bool,
    /// A backslash in a string is more than itself.
    pub(super) has_backslash: bool,
    /// `'''` opens a string.
    pub(super) has_triple_quotes: bool,
    pub(super) has_nested_comments: bool,
    /// `/*! … */` is SQL.
    pub(super) has_comment_hints: bool,
    /// `--` opens a comment only with a blank after it.
    pub(super) needs_blank_in_comment: bool,
}

impl Alphabet {
    /// The alphabet of `grammar`, which is the one for `dialect` in all uses of it.
    pub(super) fn of(dialect: Dialect, grammar: &dyn SqlparserDialect) -> &'static Self {
        static KNOWN: [OnceLock<Alphabet>; Dialect::ALL.len()] =
            [const { OnceLock::new() }; Dialect::ALL.len()];
        KNOWN[dialect as usize].get_or_init(|| Self::new(grammar))
    }

    /// The alphabet of Hive's grammar.
    pub(super) fn of_hive(grammar: &dyn SqlparserDialect) -> &'static Self {
        static HIVE: OnceLock<Alphabet> = OnceLock::new();
        HIVE.get_or_init(|| Self::new(grammar))
    }

    fn new(grammar: &dyn SqlparserDialect) -> Self {
        Self {
            starts: AsciiSet::of(|character| grammar.is_identifier_start(character)),
            parts: AsciiSet::of(|character| grammar.is_identifier_part(character)),
            quotes: AsciiSet::of(|character| grammar.is_delimited_identifier_start(character)),
            is_bracket_undecided: grammar.is_nested_delimited_identifier_start('['),
            has_backslash: grammar.supports_string_literal_backslash_escape(),
            has_triple_quotes: grammar.supports_triple_quoted_string(),
            has_nested_comments: grammar.supports_nested_comments(),
            has_comment_hints: grammar.supports_multiline_comment_hints(),
            needs_blank_in_comment: grammar.requires_single_line_comment_whitespace(),
        }
    }

    /// Whether a name or keyword can begin with a character.
    pub(super) const fn starts_word(&self, byte: u8) -> bool {
        self.starts.has(byte)
    }

    /// Whether a name or keyword can go on with a character.
    pub(super) const fn is_part_of_word(&self, byte: u8) -> bool {
        self.parts.has(byte)
    }

    /// Whether a character opens a quoted name.
    pub(super) const fn quotes_name(&self, byte: u8) -> bool {
        self.quotes.has(byte)
    }
}

/// Slots for keywords: several times their number, so that a word that is none mostly meets an empty one.
const SLOTS: usize = 8192;

/// The keyword that an unquoted word is.
pub(super) fn keyword(word: &str) -> Keyword {
    static TABLE: LazyLock<KeywordTable> = LazyLock::new(KeywordTable::new);
    TABLE.find(word)
}

/// Keywords by a hash of their letters without case.
struct KeywordTable {
    /// One more than the keyword's place in the list; zero is empty.
    slots: Vec<u16>,
    longest: usize,
}

impl KeywordTable {
    fn new() -> Self {
        let mut slots = vec![0; SLOTS];
        for (place, text) in (1..).zip(ALL_KEYWORDS) {
            let mut slot = slot_of(text);
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = place;
        }
        let longest = ALL_KEYWORDS.iter().map(|text| text.len()).max().unwrap_or(0);
        Self { slots, longest }
    }

    fn find(&self, word: &str) -> Keyword {
        if word.len() > self.longest {
            return Keyword::NoKeyword;
        }
        let mut slot = slot_of(word);
        loop {
            let Some(place) = usize::from(self.slots[slot]).checked_sub(1) else {
                return Keyword::NoKeyword;
            };
            if ALL_KEYWORDS[place].eq_ignore_ascii_case(word) {
                return ALL_KEYWORDS_INDEX[place];
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

fn slot_of(word: &str) -> usize {
    // FNV-1a, without the bit that tells lower case from upper
    let hash = word.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte & 0xdf)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 15)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use sqlparser::tokenizer::Token;

    use super::*;

    #[test]
    fn words_are_the_keywords_that_sqlparser_takes_them_for() {
        let others = [
            "", "a", "orders", "selec", "selects", "_", "x1", "größe", "group_by", "ſelect",
        ];
        let mut words: Vec<String> = others.map(str::to_owned).to_vec();
        for text in ALL_KEYWORDS {
            words.extend([(*text).to_owned(), text.to_lowercase(), format!("{text}S")]);
        }
        for word in words {
            let Token::Word(expected) = Token::make_keyword(&word) else {
                unreachable!("a word makes a word");
            };
            assert_eq!(keyword(&word), expected.keyword, "{word}");
        }
    }
}
