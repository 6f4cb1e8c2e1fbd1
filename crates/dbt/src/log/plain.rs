//! Taking colours out of what programs print.

use std::borrow::Cow;

/// The text without terminal control sequences (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`) and without
/// control characters other than tab and line end. What is left is still untrusted text.
pub fn plain(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| letter.is_control() && letter != '\t' && letter != '\n';
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            if !is_odd(letter) {
                plain.push(letter);
            }
            continue;
        }
        match letters.next() {
            // Parameters and intermediates are 0x20–0x3F; the letter after them ends the sequence.
            Some('[') => while letters.next().is_some_and(|letter| (' '..='?').contains(&letter)) {},
            Some(']') => {
                while let Some(letter) = letters.next() {
                    if letter == '\u{7}' || (letter == '\u{1b}' && letters.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case(
        "\u{1b}[0m06:47:38  40 of 77 [\u{1b}[32mPASS\u{1b}[0m in 0.02s]",
        "06:47:38  40 of 77 [PASS in 0.02s]"
    )]
    #[case("\u{1b}[38;2;1;2;3mx\u{1b}[K", "x")]
    #[case("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y", "xy")]
    #[case("cut \u{1b}[", "cut ")]
    #[case("cut \u{1b}", "cut ")]
    #[case("bell\u{7} and return\r", "bell and return")]
    #[case("tab\tstays", "tab\tstays")]
    fn sequences_go_and_text_stays(#[case] coloured: &str, #[case] expected: &str) {
        assert_eq!(plain(coloured), expected);
    }
}
