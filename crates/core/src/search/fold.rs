//! Folding: the form in which texts are compared.
//!
//! Lower case; accents of Latin letters dropped, so that `uberblick` finds `Überblick` and the other way
//! round; runs of white space are one blank, so that a phrase finds its words across lines; marks that
//! show nothing, such as those of writing direction, are left out. A folded text has no line break: the index
//! puts one between fields.

/// Adds the folded form of a text.
pub fn fold_into(text: &str, folded: &mut String) {
    fold_each(text, |_, character| folded.push(character));
}

/// The folded form of a text, without blanks at its ends.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded.trim_matches(' ').to_owned()
}

/// A folded text that knows where in the original each of its bytes comes from.
pub struct Traced {
    pub folded: String,
    /// For each byte of the folded text, where in the original its character begins.
    origins: Vec<usize>,
    original: usize,
}

impl Traced {
    pub fn new(text: &str) -> Self {
        let mut traced = Self {
            folded: String::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len()),
            original: text.len(),
        };
        fold_each(text, |origin, character| {
            traced.folded.push(character);
            traced.origins.resize(traced.folded.len(), origin);
        });
        traced
    }

    /// The bytes of the original, whole characters, from which bytes of the folded text come. What a mark
    /// that shows nothing follows takes it along.
    pub fn original(&self, from: usize, to: usize) -> (usize, usize) {
        let begin = self.origins.get(from).copied().unwrap_or(self.original);
        let last = to.checked_sub(1).and_then(|last| self.origins.get(last));
        // A character may fold to several: the next one begins where the origin changes.
        let end = last.map_or(begin, |last| {
            self.origins[to..]
                .iter()
                .copied()
                .find(|origin| origin > last)
                .unwrap_or(self.original)
        });
        (begin, end.max(begin))
    }
}

/// Calls with each character of the folded form, and the byte at which its original begins.
fn fold_each(text: &str, mut take: impl FnMut(usize, char)) {
    let mut after_blank = false;
    for (at, character) in text.char_indices() {
        if character.is_ascii() {
            let is_blank = character.is_ascii_whitespace() || character.is_ascii_control();
            match (is_blank, after_blank) {
                (true, true) => {}
                (true, false) => take(at, ' '),
                (false, _) => take(at, character.to_ascii_lowercase()),
            }
            after_blank = is_blank;
            continue;
        }
        if character.is_whitespace() {
            if !after_blank {
                take(at, ' ');
            }
            after_blank = true;
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        after_blank = false;
        // Lower case first: some signs, such as that of angstrom, only then are letters with accents.
        for lower in character.to_lowercase() {
            match plain_latin(lower) {
                Some(plain) => {
                    for plain in plain.chars() {
                        take(at, plain.to_ascii_lowercase());
                    }
                }
                None if is_invisible(lower) => {}
                // The last sigma of a word has a form of its own.
                None if lower == 'ς' => take(at, 'σ'),
                None => take(at, lower),
            }
        }
    }
}

/// Latin letters with accents, ligatures among them, without.
fn plain_latin(character: char) -> Option<&'static str> {
    let is_latin = matches!(character, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let is_letter = is_latin && character.is_alphabetic();
    is_letter
        .then(|| deunicode::deunicode_char(character))
        .flatten()
        .filter(|plain| plain.chars().all(|plain| plain.is_ascii_alphabetic()))
}

/// Accents that stand as characters of their own, and marks that show nothing.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{80}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Sales Überblick", "sales uberblick")]
    #[case("STRASSE Straße", "strasse strasse")]
    #[case("a\r\n\t b\u{a0}c", "a b c")]
    #[case("ΟΔΟΣ οδός", "οδοσ οδόσ")]
    #[case("u\u{308}ber", "uber")]
    #[case("\u{202e}evil\u{200b}name", "evilname")]
    #[case("売上 Ежедневно", "売上 ежедневно")]
    #[case("  ", "")]
    #[case("İ", "i")]
    fn texts_fold(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), folded);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn pieces_are_traced_back_to_whole_characters(text in any::<String>(), from in 0_usize..40, length in 0_usize..40) {
            let traced = Traced::new(&text);
            let mut direct = String::new();
            fold_into(&text, &mut direct);
            prop_assert_eq!(&traced.folded, &direct);
            let to = (from + length).min(traced.folded.len());
            let (begin, end) = traced.original(from.min(to), to);
            prop_assert!(text.get(begin..end).is_some());
            if traced.folded.is_char_boundary(from.min(to)) && traced.folded.is_char_boundary(to) {
                let piece = fold(&text[begin..end]);
                let wanted = traced.folded[from.min(to)..to].trim_matches(' ');
                prop_assert!(piece.contains(wanted), "{piece:?} has {wanted:?}");
            }
        }
    }
}
