//! Single values as bytes: numbers in as few bytes as they need, texts and lists behind their length.
//!
//! Reading trusts nothing: whatever is in the bytes, it takes no more memory than they could stand for, and ends.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Number, Value};
use tailwater_core::id::NodeId;

/// A list is given room for so many members before they are read.
const MOST_ROOM: usize = 1_024;

/// JSON is nested no deeper than serde_json reads it.
const DEEPEST: usize = 128;

/// Bytes that are being written.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub bytes: Vec<u8>,
    /// The configurations that were written, by where they are in memory, and their numbers.
    configs: HashMap<usize, u64>,
}

/// Bytes that are being read.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub bytes: Vec<u8>,
    pub at: usize,
    /// The configurations that were read, by number.
    configs: Vec<Arc<Map<String, Value>>>,
}

impl Input {
    #[cfg(test)]
    pub fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let taken = self.bytes.get(self.at..)?.get(..length)?;
        self.at += length;
        Some(taken)
    }

    /// How many bytes or members follow; no more than there are bytes, since each member takes one at least.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(u64::read(self)?).ok()?;
        (length <= self.bytes.len() - self.at).then_some(length)
    }
}

/// What can be written as bytes, and read from them again.
pub(super) trait Code: Sized {
    fn write(&self, output: &mut Output);

    /// Reads what [`Self::write`] wrote; `None` where it cannot be that.
    fn read(input: &mut Input) -> Option<Self>;
}

/// Seven bits in a byte, the lowest first; the eighth says that more follow.
impl Code for u64 {
    fn write(&self, output: &mut Output) {
        let mut rest = *self;
        while rest >= 0x80 {
            output.bytes.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        output.bytes.push(rest.to_le_bytes()[0]);
    }

    fn read(input: &mut Input) -> Option<Self> {
        let mut number = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let byte = input.byte()?;
            let bits = Self::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

impl Code for u32 {
    fn write(&self, output: &mut Output) {
        u64::from(*self).write(output);
    }

    fn read(input: &mut Input) -> Option<Self> {
        u64::read(input)?.try_into().ok()
    }
}

impl Code for i64 {
    fn write(&self, output: &mut Output) {
        output.bytes.extend(self.to_le_bytes());
    }

    fn read(input: &mut Input) -> Option<Self> {
        let bytes = input.take(size_of::<Self>())?;
        Some(Self::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl Code for f64 {
    fn write(&self, output: &mut Output) {
        output.bytes.extend(self.to_le_bytes());
    }

    fn read(input: &mut Input) -> Option<Self> {
        let bytes = input.take(size_of::<Self>())?;
        Some(Self::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl Code for String {
    fn write(&self, output: &mut Output) {
        write_text(self, output);
    }

    fn read(input: &mut Input) -> Option<Self> {
        let length = input.length()?;
        let text = std::str::from_utf8(input.take(length)?).ok()?;
        Some(text.to_owned())
    }
}

fn write_text(text: &str, output: &mut Output) {
    (text.len() as u64).write(output);
    output.bytes.extend_from_slice(text.as_bytes());
}

impl Code for NodeId {
    fn write(&self, output: &mut Output) {
        write_text(self.as_str(), output);
    }

    fn read(input: &mut Input) -> Option<Self> {
        String::read(input).map(Self::new)
    }
}

impl Code for DateTime<Utc> {
    fn write(&self, output: &mut Output) {
        self.timestamp().write(output);
        self.timestamp_subsec_nanos().write(output);
    }

    fn read(input: &mut Input) -> Option<Self> {
        Self::from_timestamp(i64::read(input)?, u32::read(input)?)
    }
}

impl<T: Code> Code for Option<T> {
    fn write(&self, output: &mut Output) {
        match self {
            None => output.bytes.push(0),
            Some(value) => {
                output.bytes.push(1);
                value.write(output);
            }
        }
    }

    fn read(input: &mut Input) -> Option<Self> {
        match input.byte()? {
            0 => Some(None),
            1 => T::read(input).map(Some),
            _ => None,
        }
    }
}

impl<T: Code> Code for Vec<T> {
    fn write(&self, output: &mut Output) {
        (self.len() as u64).write(output);
        for member in self {
            member.write(output);
        }
    }

    fn read(input: &mut Input) -> Option<Self> {
        let length = input.length()?;
        let mut list = Self::with_capacity(length.min(MOST_ROOM));
        for _ in 0..length {
            list.push(T::read(input)?);
        }
        Some(list)
    }
}

impl Code for Map<String, Value> {
    fn write(&self, output: &mut Output) {
        write_map(self, output);
    }

    fn read(input: &mut Input) -> Option<Self> {
        read_map(input, 0)
    }
}

/// A configuration stands in the bytes once, where it is first met; from then on its number does, so that nodes that
/// share one share it again.
impl Code for Arc<Map<String, Value>> {
    fn write(&self, output: &mut Output) {
        let next = output.configs.len() as u64 + 1;
        if let Some(number) = output.configs.get(&Self::as_ptr(self).addr()).copied() {
            number.write(output);
        } else {
            output.configs.insert(Self::as_ptr(self).addr(), next);
            0_u64.write(output);
            write_map(self, output);
        }
    }

    fn read(input: &mut Input) -> Option<Self> {
        if let Some(number) = u64::read(input)?.checked_sub(1) {
            return input.configs.get(usize::try_from(number).ok()?).cloned();
        }
        let config = Self::new(read_map(input, 0)?);
        input.configs.push(Self::clone(&config));
        Some(config)
    }
}

fn write_map(map: &Map<String, Value>, output: &mut Output) {
    (map.len() as u64).write(output);
    for (key, value) in map {
        write_text(key, output);
        write_value(value, output);
    }
}

fn read_map(input: &mut Input, depth: usize) -> Option<Map<String, Value>> {
    let length = input.length()?;
    let mut map = Map::new();
    for _ in 0..length {
        let key = String::read(input)?;
        map.insert(key, read_value(input, depth)?);
    }
    Some(map)
}

/// Not as JSON: of a number with a fraction serde_json may read another than it wrote.
fn write_value(value: &Value, output: &mut Output) {
    match value {
        Value::Null => output.bytes.push(0),
        Value::Bool(false) => output.bytes.push(1),
        Value::Bool(true) => output.bytes.push(2),
        Value::Number(number) => {
            if let Some(number) = number.as_u64() {
                output.bytes.push(3);
                number.write(output);
            } else if let Some(number) = number.as_i64() {
                output.bytes.push(4);
                number.write(output);
            } else {
                // There is no other kind of number. Were there, it would be refused where it is read.
                output.bytes.push(5);
                number.as_f64().unwrap_or(f64::NAN).write(output);
            }
        }
        Value::String(text) => {
            output.bytes.push(6);
            write_text(text, output);
        }
        Value::Array(list) => {
            output.bytes.push(7);
            (list.len() as u64).write(output);
            for member in list {
                write_value(member, output);
            }
        }
        Value::Object(map) => {
            output.bytes.push(8);
            write_map(map, output);
        }
    }
}

fn read_value(input: &mut Input, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    Some(match input.byte()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::from(u64::read(input)?),
        4 => Value::from(i64::read(input)?),
        5 => Value::Number(Number::from_f64(f64::read(input)?)?),
        6 => Value::String(String::read(input)?),
        7 => {
            let length = input.length()?;
            let mut list = Vec::with_capacity(length.min(MOST_ROOM));
            for _ in 0..length {
                list.push(read_value(input, depth + 1)?);
            }
            Value::Array(list)
        }
        8 => Value::Object(read_map(input, depth + 1)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn there_and_back<T: Code>(value: &T) -> Option<T> {
        let mut output = Output::default();
        value.write(&mut output);
        let mut input = Input::of(output.bytes);
        let read = T::read(&mut input);
        assert!(read.is_none() || input.is_at_end());
        read
    }

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(
            whole: u64, below: i64, fraction: f64, text: String, seconds in -9_000_000_000_i64..9_000_000_000,
        ) {
            prop_assert_eq!(there_and_back(&whole), Some(whole));
            prop_assert_eq!(there_and_back(&below), Some(below));
            prop_assert_eq!(there_and_back(&fraction).map(f64::to_bits), Some(fraction.to_bits()));
            prop_assert_eq!(there_and_back(&vec![Some(text.clone()), None]), Some(vec![Some(text), None]));
            let instant = DateTime::from_timestamp(seconds, 999_999_999).unwrap();
            prop_assert_eq!(there_and_back(&instant), Some(instant));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Vec::<Option<String>>::read(&mut Input::of(bytes.clone()));
            let _ = Map::read(&mut Input::of(bytes.clone()));
            let _ = Vec::<Arc<Map<String, Value>>>::read(&mut Input::of(bytes));
        }
    }

    #[test]
    fn every_kind_of_json_comes_back() {
        let value = json!({
            "a": null, "b": [true, false, [], {}], "c": {"é": "\u{0}\"😀", "": -7},
            "d": [u64::MAX, i64::MIN, 0, 1.5e-300, 0.1, -0.0, 1e22, 123_456_789.123_456_79],
        });
        let Value::Object(map) = value else { panic!() };
        assert_eq!(there_and_back(&map), Some(map));
    }

    #[test]
    fn a_leap_second_comes_back() {
        let second: DateTime<Utc> = "2016-12-31T23:59:60.5Z".parse().unwrap();
        assert_eq!(there_and_back(&second), Some(second));
    }

    #[test]
    fn what_was_shared_is_shared_again() {
        let [one, two] = ["one", "two"].map(|text| Arc::new(Map::from_iter([(text.to_owned(), json!(1))])));
        let read = there_and_back(&vec![one.clone(), two.clone(), one.clone()]).unwrap();
        assert_eq!(read, [one.clone(), two, one]);
        assert!(Arc::ptr_eq(&read[0], &read[2]));
    }

    #[test]
    fn nesting_without_end_is_refused_and_what_json_may_nest_is_not() {
        let nested = |depth: usize| {
            let value = (1..depth).fold(json!([]), |value, _| json!([value]));
            Map::from_iter([("a".to_owned(), value)])
        };
        assert_eq!(there_and_back(&nested(127)), Some(nested(127)));
        let bytes = [[1, 1, b'a'].as_slice(), &[7, 1].repeat(1_000_000)].concat();
        assert_eq!(Map::read(&mut Input::of(bytes)), None);
    }

    #[test]
    fn a_number_that_no_one_wrote_is_refused() {
        assert_eq!(u64::read(&mut Input::of(vec![0xff; 11])), None);
        assert_eq!(
            u64::read(&mut Input::of([[0xff; 9].as_slice(), &[2]].concat())),
            None
        );
        assert_eq!(
            u32::read(&mut Input::of(vec![0xff, 0xff, 0xff, 0xff, 0x7f])),
            None
        );
        assert_eq!(
            Vec::<u64>::read(&mut Input::of(vec![0xff, 0xff, 0xff, 0xff, 0x7f])),
            None
        );
        assert_eq!(Option::<u64>::read(&mut Input::of(vec![2, 0])), None);
    }
}
