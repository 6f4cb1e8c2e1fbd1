//! Small rules about text.

/// The beginning of `text`, at most `limit` bytes long, cut between characters, with an ellipsis
/// when something was cut.
pub(crate) fn clipped(text: &str, limit: usize) -> String {
    const ELLIPSIS: char = '…';
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit.saturating_sub(ELLIPSIS.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut clipped = text[..end].to_owned();
    clipped.push(ELLIPSIS);
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(clipped("short", 10), "short");
        assert_eq!(clipped("0123456789abc", 10), "0123456…");
        assert_eq!(clipped("ääääääää", 10), "äää…");
    }
}
