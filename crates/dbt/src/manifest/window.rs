//! A long JSON text, seen through a window that moves over it.
//!
//! A manifest of 100 MB is mostly code that is not held. So the file is not held either: it is read in blocks, and
//! its members are taken one by one, each as borrowed from the window. When a member reaches beyond the window's
//! end, the window is moved up to the member's start, filled, and the member read again; of members that are
//! small beside a block this happens to few. What is larger than the window makes it grow.
//!
//! ```text
//! … "model.a": { … }, "model.b": { …  … }, "model.c": …
//!                    └──── text ────┘└ not read yet
//!                      └ at
//! ```

use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::Error;

/// The window is filled by this many bytes at a time, or as many as it holds, so that a member of any length is
/// read again only a few times.
const BLOCK: usize = 1 << 20;

/// The part of a JSON text that is in memory, and the place in it up to which it was taken.
#[derive(Debug)]
pub(crate) struct Window<R> {
    source: R,
    text: Vec<u8>,
    at: usize,
    /// Nothing follows the window.
    is_last: bool,
    block: usize,
}

impl<R: Read> Window<R> {
    /// A window at the start of what `source` gives.
    pub fn new(source: R) -> Self {
        Self::with_block(source, BLOCK)
    }

    fn with_block(source: R, block: usize) -> Self {
        Self {
            source,
            text: Vec::new(),
            at: 0,
            is_last: false,
            block,
        }
    }

    /// Takes each member of the map or list that follows. `take` gets the member's key, empty in a list, and must
    /// take the member's value. `false`, and nothing is taken, when something else than a map or list follows.
    pub fn each(
        &mut self,
        mut take: impl FnMut(&mut Self, &str) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let end = match self.peek()? {
            Some(b'{') => b'}',
            Some(b'[') => b']',
            _ => return Ok(false),
        };
        self.at += 1;
        let mut is_first = true;
        loop {
            match self.peek()? {
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(_) if is_first => {}
                Some(b',') => {
                    self.at += 1;
                    if self.peek()? == Some(end) {
                        return Err(Error::custom("a comma before the end"));
                    }
                }
                Some(_) => return Err(Error::custom("no comma between two members")),
                None => return Err(Error::custom("the text ends inside")),
            }
            is_first = false;
            if end == b'}' {
                let key: String = self.value()?;
                if self.peek()? != Some(b':') {
                    return Err(Error::custom("no colon after a key"));
                }
                self.at += 1;
                take(self, &key)?;
            } else {
                take(self, "")?;
            }
        }
    }

    /// Takes the value that follows.
    pub fn value<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let mut taken = None;
        self.take(&mut Owned(&mut taken))?;
        taken.ok_or_else(|| Error::custom("a value is missing"))
    }

    /// Takes the value that follows and keeps nothing of it, member by member.
    pub fn skip(&mut self) -> Result<(), Error> {
        if self.each(|window, _| window.value().map(|IgnoredAny| ()))? {
            return Ok(());
        }
        self.value().map(|IgnoredAny| ())
    }

    /// Takes the value that follows and hands it on, borrowed from the window.
    pub fn take<T: Taker>(&mut self, taker: &mut T) -> Result<(), Error> {
        loop {
            let rest = &self.text[self.at..];
            let mut deserializer = serde_json::Deserializer::from_slice(rest);
            match T::Value::deserialize(&mut deserializer) {
                Ok(value) => {
                    // A number may go on where the window ends.
                    let length = deserializer.into_iter::<IgnoredAny>().byte_offset();
                    if length < rest.len() || self.is_last {
                        taker.take(value);
                        self.at += length;
                        return Ok(());
                    }
                }
                Err(error) if self.is_last || !may_be_cut(&error, rest) => return Err(error),
                Err(_) => {}
            }
            self.fill()?;
        }
    }

    /// Refuses anything but white space up to the end of the text.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(Error::custom("something follows the end")),
        }
    }

    /// The next byte that is no white space, which stays; `None` at the end of the text.
    pub fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))
                .count();
            self.at += blanks;
            if let Some(&byte) = self.text.get(self.at) {
                return Ok(Some(byte));
            }
            if self.is_last {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Drops what was taken and reads on.
    fn fill(&mut self) -> Result<(), Error> {
        self.text.drain(..self.at);
        self.at = 0;
        let wanted = self.text.len().max(self.block);
        self.text.reserve(wanted);
        let read = self
            .source
            .by_ref()
            .take(wanted as u64)
            .read_to_end(&mut self.text)
            .map_err(Error::custom)?;
        self.is_last = read < wanted;
        Ok(())
    }
}

/// Whether the text's end may be all that is wrong with it. A number that is cut after its point is no number.
fn may_be_cut(error: &Error, text: &[u8]) -> bool {
    error.is_eof() || text.last().is_some_and(|last| b"+-.eE".contains(last))
}

/// Who gets a value that borrows from the window.
pub(crate) trait Taker {
    /// What is read.
    type Value<'a>: Deserialize<'a>;

    /// Gets the value, once.
    fn take(&mut self, value: Self::Value<'_>);
}

/// Keeps a value that borrows nothing.
struct Owned<'t, T>(&'t mut Option<T>);

impl<T: DeserializeOwned> Taker for Owned<'_, T> {
    type Value<'a> = T;

    fn take(&mut self, value: T) {
        *self.0 = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    /// The members of the text's outer map, each as it is read where the text comes in blocks of `block` bytes.
    fn members(text: &str, block: usize) -> Result<Vec<(String, Value)>, Error> {
        let mut window = Window::with_block(text.as_bytes(), block);
        let mut members = Vec::new();
        window.each(|window, key| {
            members.push((key.to_owned(), window.value()?));
            Ok(())
        })?;
        window.end()?;
        Ok(members)
    }

    #[test]
    fn however_small_the_blocks_are_the_members_are_the_same() {
        let text =
            r#" {"a": -1.5e-3 , "b\"é\u00e9": [1, "x\\", {}], "ü€😀": {"c": "\ud83d\ude00"}, "d":true} "#;
        let whole: Value = serde_json::from_str(text).unwrap();
        for block in 1..=text.len() + 1 {
            let members = members(text, block).unwrap();
            let keys: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, ["a", "b\"éé", "ü€😀", "d"], "blocks of {block}");
            assert_eq!(
                Value::Object(members.into_iter().collect()),
                whole,
                "blocks of {block}"
            );
        }
    }

    #[rstest]
    #[case(r#"{"a": 1,}"#)]
    #[case(r#"{"a": 1 "b": 2}"#)]
    #[case(r#"{"a" 1}"#)]
    #[case(r#"{,"a": 1}"#)]
    #[case(r#"{"a": }"#)]
    #[case(r#"{"a": 1]"#)]
    #[case(r#"{"a": 1"#)]
    #[case(r#"{"a": 1.}"#)]
    #[case(r#"{"a": tru}"#)]
    #[case("{1: 1}")]
    #[case(r#"{"a": 1} {}"#)]
    fn what_is_no_json_is_refused_however_it_is_cut(#[case] text: &str) {
        for block in 1..=text.len() + 1 {
            assert!(members(text, block).is_err(), "blocks of {block}");
        }
    }

    #[rstest]
    #[case("[1, [2, {}], \"x\"]")]
    #[case("{\"a\": {\"b\": []}}")]
    #[case("{}")]
    #[case("12")]
    #[case("null")]
    fn what_is_skipped_leaves_nothing(#[case] text: &str) {
        for block in 1..=text.len() + 1 {
            let mut window = Window::with_block(text.as_bytes(), block);
            window.skip().unwrap();
            window.end().unwrap();
        }
    }

    #[test]
    fn the_window_does_not_grow_with_the_text() {
        let text = format!("[{}0]", "\"some text\", ".repeat(10_000));
        let mut window = Window::with_block(text.as_bytes(), 64);
        window.each(|window, _| window.skip()).unwrap();
        assert!(window.text.capacity() < 1_024, "{}", window.text.capacity());
    }
}
