//! Bytes into lines, with a limit.

use serde::{Deserialize, Serialize};

/// The two things that a process prints to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Cuts bytes, however they come, into lines. What a line has beyond the limit is left out, so that a program
/// that prints without end costs no memory.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    begun: Vec<u8>,
    left_out: usize,
}

impl Lines {
    /// Lines of at most `limit` bytes each.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            begun: Vec::new(),
            left_out: 0,
        }
    }

    /// Takes bytes and hands on each line that they end, without its line end.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.begun.is_empty() && head.len() <= self.limit {
                line(without_return(head));
            } else {
                self.keep(head);
                self.end(&mut line);
            }
        }
        self.keep(bytes);
    }

    /// Hands on a last line that has no end.
    pub fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            self.end(&mut line);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.begun.len());
        let kept = bytes.len().min(room);
        self.begun.extend_from_slice(&bytes[..kept]);
        self.left_out += bytes.len() - kept;
    }

    fn end(&mut self, line: &mut impl FnMut(&[u8])) {
        if self.left_out > 0 {
            let note = format!(" … {} bytes left out", self.left_out);
            self.begun.extend_from_slice(note.as_bytes());
        }
        line(without_return(&self.begun));
        self.begun.clear();
        self.left_out = 0;
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(limit: usize, parts: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(limit);
        let mut cut = Vec::new();
        let mut keep = |line: &[u8]| cut.push(String::from_utf8_lossy(line).into_owned());
        for part in parts {
            lines.push(part, &mut keep);
        }
        lines.finish(&mut keep);
        cut
    }

    #[test]
    fn lines_come_out_whole_however_their_bytes_came_in() {
        assert_eq!(cut(9, &[b"a\nb", b"c\r\n", b"\nd"]), ["a", "bc", "", "d"]);
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_left_out() {
        assert_eq!(
            cut(4, &[b"123456", b"78\n9\n", b"123456\n"]),
            ["1234 … 4 bytes left out", "9", "1234 … 2 bytes left out"]
        );
    }

    proptest! {
        #[test]
        fn cutting_is_the_same_for_every_way_of_coming(text in "[ab\n]{0,60}", at in proptest::collection::vec(0usize..60, 0..5)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = at.into_iter().map(|at| at.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut from = 0;
            for at in cuts {
                parts.push(&bytes[from..at]);
                from = at;
            }
            parts.push(&bytes[from..]);
            let expected: Vec<String> = text.lines().map(str::to_owned).collect();
            prop_assert_eq!(cut(100, &parts), expected);
        }
    }
}
