//! Tokens without white space, with their brackets paired, that rules can take away from and add to.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::upstream::Note;

/// How many tokens a rule may look ahead for the end of its construct. Without a bound, a text that
/// repeats the beginning of one takes quadratic time.
pub(super) const REACH: usize = 256;

/// No partner: an opening bracket that is never closed, or no bracket.
const ALONE: usize = usize::MAX;

/// The tokens of a text and the edits made to them so far. Positions are those of the tokens as
/// they came; edits take effect in [`Tape::into_tokens`].
#[derive(Debug)]
pub(in crate::parse) struct Tape {
    tokens: Vec<TokenWithSpan>,
    /// The position of the closing bracket for each `(` and `{`; empty until a rule asks.
    partners: Vec<usize>,
    dropped: Vec<bool>,
    /// What is put in before a position, in order of position.
    inserted: Vec<(usize, Vec<Token>)>,
    /// What a reader should know of what was taken away.
    pub(in crate::parse) notes: Vec<Note>,
    /// The deepest nesting of brackets.
    pub(in crate::parse) depth: usize,
    /// How deep a chain of operators or set operations can make the tree lean: at most this.
    pub(in crate::parse) links: usize,
}

impl Tape {
    /// A tape of tokens without white space and comments.
    pub(in crate::parse) fn new(mut tokens: Vec<TokenWithSpan>) -> Self {
        drop_unopened_end(&mut tokens);
        let mut depth = 0_usize;
        let mut deepest = 0;
        let mut outer_links = 0;
        let mut run = 0;
        let mut longest_run = 0;
        for token in &tokens {
            match &token.token {
                Token::LParen | Token::LBracket | Token::LBrace => {
                    depth += 1;
                    deepest = deepest.max(depth);
                    run += 1;
                }
                Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
                Token::Word(word) if joins_conditions(word.keyword) => {
                    outer_links += 1;
                    run = 0;
                }
                Token::Word(word) => run += usize::from(lengthens_chain(word.keyword)),
                Token::Comma | Token::SemiColon => run = 0,
                Token::Period | Token::Number(..) | Token::SingleQuotedString(_) => {}
                _ => run += 1,
            }
            longest_run = longest_run.max(run);
        }
        Self {
            tokens,
            partners: Vec::new(),
            dropped: Vec::new(),
            inserted: Vec::new(),
            notes: Vec::new(),
            depth: deepest,
            links: outer_links + longest_run,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The token at a position; `None` beyond the end.
    pub(super) fn at(&self, position: usize) -> Option<&Token> {
        self.tokens.get(position).map(|token| &token.token)
    }

    pub(super) fn is(&self, position: usize, token: &Token) -> bool {
        self.at(position) == Some(token)
    }

    /// The token before a position.
    pub(super) fn before(&self, position: usize) -> Option<&Token> {
        position.checked_sub(1).and_then(|previous| self.at(previous))
    }

    /// The unquoted word at a position.
    pub(super) fn word(&self, position: usize) -> Option<&Word> {
        match self.at(position) {
            Some(Token::Word(word)) if word.quote_style.is_none() => Some(word),
            _ => None,
        }
    }

    pub(super) fn is_word(&self, position: usize, text: &str) -> bool {
        self.word(position)
            .is_some_and(|word| word.value.eq_ignore_ascii_case(text))
    }

    pub(super) fn is_any_word(&self, position: usize, texts: &[&str]) -> bool {
        self.word(position)
            .is_some_and(|word| texts.iter().any(|text| word.value.eq_ignore_ascii_case(text)))
    }

    /// The words from a position on are these.
    pub(super) fn are_words(&self, position: usize, texts: &[&str]) -> bool {
        texts
            .iter()
            .enumerate()
            .all(|(offset, text)| self.is_word(position + offset, text))
    }

    /// The position of the bracket that closes the `(` or `{` at a position.
    pub(super) fn closing(&mut self, open: usize) -> Option<usize> {
        if self.partners.is_empty() {
            self.partners = vec![ALONE; self.tokens.len()];
            let mut opened = Vec::new();
            for (position, token) in self.tokens.iter().enumerate() {
                match token.token {
                    Token::LParen | Token::LBrace => opened.push(position),
                    Token::RParen | Token::RBrace => {
                        if let Some(open) = opened.pop() {
                            self.partners[open] = position;
                        }
                    }
                    _ => {}
                }
            }
        }
        self.partners
            .get(open)
            .copied()
            .filter(|&partner| partner != ALONE)
    }

    /// Whether nothing but a comma, an operator or a clause can stand after the token before
    /// `position`: it ended an operand.
    pub(super) fn follows_operand(&self, position: usize) -> bool {
        match self.before(position) {
            Some(Token::Word(word)) => word.quote_style.is_some() || !opens_clause(word.keyword),
            Some(
                Token::RParen
                | Token::RBracket
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::DoubleQuotedString(_)
                | Token::Placeholder(_),
            ) => true,
            _ => false,
        }
    }

    /// Whether an operand can begin at `position`.
    pub(super) fn begins_operand(&self, position: usize) -> bool {
        match self.at(position) {
            Some(Token::Word(word)) => {
                word.quote_style.is_some()
                    || !(opens_clause(word.keyword) || word.keyword == Keyword::AS || ends_item(word.keyword))
            }
            Some(
                Token::LParen
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Minus
                | Token::Placeholder(_),
            ) => true,
            _ => false,
        }
    }

    /// The end (exclusive) of a dotted name that begins at `position`.
    pub(super) fn name_end(&self, position: usize) -> usize {
        let mut end = position + 1;
        while self.is(end, &Token::Period) {
            end += 2;
        }
        end
    }

    /// The end (exclusive) of a simple operand that begins at `position`: a bracketed expression,
    /// a literal with its type word, a name or a call, with `+`/`-` terms after it.
    pub(super) fn operand_end(&mut self, position: usize) -> Option<usize> {
        let mut end = self.term_end(position)?;
        while matches!(self.at(end), Some(Token::Plus | Token::Minus)) {
            end = self.term_end(end + 1)?;
        }
        Some(end)
    }

    fn term_end(&mut self, position: usize) -> Option<usize> {
        match self.at(position)? {
            Token::LParen => self.closing(position).map(|close| close + 1),
            Token::Word(_) => {
                let mut end = position + 1;
                while self.is(end, &Token::Period) {
                    end += 2;
                }
                if self.is(end, &Token::LParen) {
                    return self.closing(end).map(|close| close + 1);
                }
                if matches!(self.at(end), Some(Token::SingleQuotedString(_))) {
                    end += 1;
                    // `INTERVAL '1' DAY`
                    if self.is_any_word(end, &["day", "hour", "minute", "second", "month", "year"]) {
                        end += 1;
                    }
                }
                Some(end)
            }
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::Placeholder(_) => Some(position + 1),
            _ => None,
        }
    }

    /// Whether two neighbours stand without a space between them.
    pub(super) fn touch(&self, position: usize) -> bool {
        match (self.tokens.get(position), self.tokens.get(position + 1)) {
            (Some(left), Some(right)) => left.span.end == right.span.start,
            _ => false,
        }
    }

    /// Whether a token stands on a line of its own.
    pub(super) fn is_alone_on_line(&self, position: usize) -> bool {
        let line_of = |position: usize| self.tokens.get(position).map(|token| token.span.start.line);
        let own = line_of(position);
        let before = position.checked_sub(1).and_then(line_of);
        own.is_some() && own != before && own != line_of(position + 1)
    }

    pub(super) fn line(&self, position: usize) -> u64 {
        self.tokens.get(position).map_or(0, |token| token.span.start.line)
    }

    pub(super) fn drop_range(&mut self, from: usize, to: usize) {
        if self.dropped.is_empty() {
            self.dropped = vec![false; self.tokens.len()];
        }
        let end = to.min(self.dropped.len());
        for dropped in &mut self.dropped[from.min(end)..end] {
            *dropped = true;
        }
    }

    pub(super) fn is_dropped(&self, position: usize) -> bool {
        self.dropped.get(position).copied().unwrap_or(false)
    }

    pub(super) fn replace(&mut self, position: usize, token: Token) {
        if let Some(place) = self.tokens.get_mut(position) {
            place.token = token;
        }
    }

    /// Puts tokens in before a position. Calls must come in order of position.
    pub(super) fn insert(&mut self, position: usize, tokens: Vec<Token>) {
        self.inserted.push((position, tokens));
    }

    /// Copies of the tokens from one position to another.
    pub(super) fn copies(&self, from: usize, to: usize) -> Vec<Token> {
        self.tokens[from.min(to)..to.min(self.tokens.len())]
            .iter()
            .map(|token| token.token.clone())
            .collect()
    }

    /// The tokens with all edits made.
    pub(in crate::parse) fn into_tokens(self) -> Vec<TokenWithSpan> {
        if self.dropped.is_empty() && self.inserted.is_empty() {
            return self.tokens;
        }
        let mut result = Vec::with_capacity(self.tokens.len() + 16);
        let mut inserted = self.inserted;
        inserted.sort_by_key(|(position, _)| *position);
        let mut inserted = inserted.into_iter().peekable();
        for (position, token) in self.tokens.into_iter().enumerate() {
            while let Some((_, tokens)) = inserted.next_if(|(at, _)| *at <= position) {
                result.extend(tokens.into_iter().map(TokenWithSpan::wrap));
            }
            if !self.dropped.get(position).copied().unwrap_or(false) {
                result.push(token);
            }
        }
        for (_, tokens) in inserted {
            result.extend(tokens.into_iter().map(TokenWithSpan::wrap));
        }
        result
    }
}

/// Takes brackets away that end a text and were never opened: the rest of a query that was cut out
/// of a bigger one.
fn drop_unopened_end(tokens: &mut Vec<TokenWithSpan>) {
    let mut depth = 0_usize;
    let unopened = tokens.iter().position(|token| match token.token {
        Token::LParen => {
            depth += 1;
            false
        }
        Token::RParen if depth == 0 => true,
        Token::RParen => {
            depth -= 1;
            false
        }
        _ => false,
    });
    if let Some(unopened) = unopened
        && tokens[unopened..]
            .iter()
            .all(|token| matches!(token.token, Token::RParen | Token::SemiColon | Token::EOF))
    {
        tokens.truncate(unopened);
    }
}

/// A token that is this unquoted word.
pub(super) fn word(text: &str) -> Token {
    Token::make_keyword(text)
}

const fn joins_conditions(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::XOR
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::MINUS
    )
}

const fn lengthens_chain(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::NOT
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::BETWEEN
            | Keyword::AT
            | Keyword::COLLATE
            | Keyword::PIVOT
            | Keyword::UNPIVOT
    )
}

/// Whether a word ends what came before it, so that it is itself no operand.
pub(super) const fn opens_clause(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::ORDER
            | Keyword::BY
            | Keyword::HAVING
            | Keyword::QUALIFY
            | Keyword::LIMIT
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::MINUS
            | Keyword::ALL
            | Keyword::DISTINCT
            | Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::ON
            | Keyword::JOIN
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::CASE
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::BETWEEN
            | Keyword::IS
            | Keyword::AS
            | Keyword::WITH
            | Keyword::SET
            | Keyword::VALUES
    )
}

const fn ends_item(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::END
            | Keyword::ASC
            | Keyword::DESC
            | Keyword::LEFT
            | Keyword::RIGHT
            | Keyword::INNER
            | Keyword::FULL
            | Keyword::CROSS
    )
}
