//! Hiding secret values in what dbt prints and writes.
//!
//! A value is hidden as a whole wherever it stands, also when it comes in two pieces, and also in the forms in
//! which it commonly comes out again: as the inside of a JSON string and percent-encoded, as in a database's
//! address. Of a value of several lines each long line is hidden too, since logs are cut into lines. What a
//! program makes of a secret beyond that (a hash, base64, letters turned around) is not recognised.

use std::borrow::Cow;
use std::fmt::Write as _;

use memchr::memmem;

use super::definition::SHORTEST_SECRET;
use crate::percent::percent_encoded;

/// What stands where a secret was.
pub const MASK: &str = "*****";

/// The values to hide.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a value inside another does not leave the rest of it.
    needles: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mask({} forms)", self.needles.len())
    }
}

impl Mask {
    /// A mask for the given values. Values shorter than [`SHORTEST_SECRET`] are left out; they are refused
    /// where secrets are set.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for value in values {
            let lines = value.lines().filter(|_| value.contains('\n'));
            for piece in [value, value.trim()].into_iter().chain(lines.map(str::trim)) {
                if piece.chars().count() < SHORTEST_SECRET {
                    continue;
                }
                needles.push(piece.as_bytes().to_vec());
                // Python's JSON writer escapes what is not ASCII, Rust's does not.
                needles.push(in_json(piece, false).into_bytes());
                needles.push(in_json(piece, true).into_bytes());
                let encoded = percent_encoded(piece).to_string();
                // A form writes a space in another way.
                needles.push(encoded.replace("%20", "+").into_bytes());
                needles.push(encoded.into_bytes());
            }
        }
        needles.sort_by(|one, two| two.len().cmp(&one.len()).then_with(|| one.cmp(two)));
        needles.dedup();
        Self { needles }
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text with every value hidden.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self
            .needles
            .iter()
            .any(|needle| memmem::find(text.as_bytes(), needle).is_some())
        {
            return Cow::Borrowed(text);
        }
        Cow::Owned(String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned())
    }

    /// The bytes with every value hidden.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = MaskedStream::new(self.clone());
        let mut masked = stream.push(bytes);
        masked.extend(stream.finish());
        masked
    }

    /// The first value at or after the position: where, and how long.
    fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = self.needles.iter().filter_map(|needle| {
            let at = memmem::find(&bytes[from..], needle)?;
            Some((from + at, needle.len()))
        });
        found.min_by(|one, two| one.0.cmp(&two.0).then(two.1.cmp(&one.1)))
    }

    /// Where the last bytes begin that may be the beginning of a value.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let longest = self.needles.first().map_or(0, Vec::len);
        let earliest = bytes.len().saturating_sub(longest.saturating_sub(1));
        (earliest..bytes.len())
            .find(|at| {
                let tail = &bytes[*at..];
                self.needles
                    .iter()
                    .any(|needle| needle.len() > tail.len() && needle.starts_with(tail))
            })
            .unwrap_or(bytes.len())
    }
}

/// Hides values in what comes piece by piece. What may be the beginning of a value is held back until the
/// next piece.
#[derive(Debug)]
pub struct MaskedStream {
    mask: Mask,
    held: Vec<u8>,
}

impl MaskedStream {
    /// A stream that has not begun.
    pub const fn new(mask: Mask) -> Self {
        Self {
            mask,
            held: Vec::new(),
        }
    }

    /// Takes a piece; answers what can be told on.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let open = self.mask.open_end(&self.held);
        self.take(open)
    }

    /// Answers what was held back. No piece follows.
    pub fn finish(&mut self) -> Vec<u8> {
        let end = self.held.len();
        self.take(end)
    }

    /// Hides what lies before `open`; a value that goes beyond it is whole, and is hidden too.
    fn take(&mut self, open: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(open);
        let mut at = 0;
        while let Some((start, length)) = self.mask.find(&self.held, at) {
            // A longer value may still begin before it, when more comes.
            if start >= open {
                break;
            }
            out.extend_from_slice(&self.held[at..start]);
            out.extend_from_slice(MASK.as_bytes());
            at = start + length;
        }
        if at < open {
            out.extend_from_slice(&self.held[at..open]);
            at = open;
        }
        self.held.drain(..at);
        out
    }
}

/// The inside of a JSON string.
fn in_json(text: &str, is_ascii: bool) -> String {
    let mut json = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            other if u32::from(other) < 0x20 || (is_ascii && !other.is_ascii()) => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
            other => json.push(other),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("password is hunter2hunter2!", "password is *****!")]
    #[case("hunter2hunter2hunter2hunter2", "**********")]
    #[case("hunter2hunter", "hunter2hunter")]
    #[case("pg://u:p%40ss%2Fword%201@h", "pg://u:*****@h")]
    #[case("pg://u:p%40ss%2Fword+1@h", "pg://u:*****@h")]
    #[case(r#"{"key": "line of \"key\"\nsecond line"}"#, r#"{"key": "*****"}"#)]
    #[case("second line alone", "***** alone")]
    #[case(r"sch\u00f6nes Wort", "*****")]
    fn values_are_hidden_in_every_form(#[case] text: &str, #[case] expected: &str) {
        let values = [
            "hunter2hunter2",
            "p@ss/word 1",
            "line of \"key\"\nsecond line",
            "schönes Wort",
        ];
        assert_eq!(Mask::new(values).text(text), expected);
    }

    #[test]
    fn a_value_inside_another_leaves_nothing_of_it() {
        let mask = Mask::new(["abcdefgh", "abcdefghij-and-more"]);
        assert_eq!(mask.text("x abcdefghij-and-more y"), "x ***** y");
        let mut stream = MaskedStream::new(mask);
        let mut out = stream.push(b"x abcdefghij");
        out.extend(stream.push(b"-and-more y"));
        out.extend(stream.finish());
        assert_eq!(out, b"x ***** y");
    }

    #[test]
    fn debug_does_not_tell() {
        assert!(!format!("{:?}", Mask::new(["hunter2hunter2"])).contains("hunter"));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_whole_is_the_same(
            pieces in prop::collection::vec(
                prop_oneof![Just("hunter2hunter2".to_owned()), Just("hunter2hunter2abc".to_owned()), "[hunter2 abc]{0,12}"], 0..8),
            cuts in prop::collection::vec(0_usize..80, 0..6),
        ) {
            let mask = Mask::new(["hunter2hunter2", "hunter2hunter2abc", "2hunter2hunter"]);
            let text = pieces.concat();
            let whole = mask.bytes(text.as_bytes());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let mut stream = MaskedStream::new(mask);
            let (mut out, mut from) = (Vec::new(), 0);
            for cut in cuts {
                out.extend(stream.push(&text.as_bytes()[from..cut]));
                from = cut;
            }
            out.extend(stream.finish());
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole));
            prop_assert!(memmem::find(&out, b"hunter2hunter2").is_none());
        }
    }
}
