//! Fields that tolerate what is not expected of them.
//!
//! Between manifest v4 and dbt 2 the same field is a text, a number, a list or null. A field of an
//! unexpected shape counts as absent, and the rest of the file is still read: one odd `meta` in one of ten
//! thousand nodes is no reason to show nothing. Nothing here builds a tree of the whole; what is
//! not wanted is skipped by [`IgnoredAny`].

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The visitor's methods for scalars, all with one answer.
macro_rules! scalars_give {
    ($answer:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($answer)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($answer)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($answer)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($answer)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($answer)
        }
    };
    (with_text, $answer:expr) => {
        scalars_give!($answer);

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($answer)
        }
    };
}
pub(crate) use scalars_give;

/// A text, number or truth value; lists and maps count as nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Null, absent, or of another shape.
    #[default]
    Nothing,
    /// `true` or `false`.
    Truth(bool),
    /// A number, kept as written where that matters: `1.0` is not `1`.
    Number(Number),
    /// A text, borrowed from the file unless it has escapes.
    Text(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The text inside, when it is a text that is not empty.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A text or a number as text; nothing for empty text.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Text(text) if !text.is_empty() => Some(text.to_string()),
            Self::Text(_) | Self::Nothing => None,
        }
    }

    /// A number, or a text that reads as one.
    pub fn to_float(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// A whole number, or a text that reads as one; a fraction is cut off.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a count beyond 2^63 saturates, which is as good as any answer"
    )]
    pub fn to_integer(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number
                .as_i64()
                .or_else(|| number.as_f64().map(|float| float as i64)),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
            type Value = Scalar<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Truth(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Number::from_f64(number).map_or(Scalar::Nothing, Scalar::Number))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Nothing)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Self::Value, A::Error> {
                skip_list(sequence).map(|()| Scalar::Nothing)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| Scalar::Nothing)
            }
        }

        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

/// A text or number as owned text; nothing for empty text and other shapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(pub Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Scalar::deserialize(deserializer)?.to_text()))
    }
}

/// A list of texts. A single text is a list of one (`tags: nightly`); null and maps are empty lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of texts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(64));
                while let Some(item) = sequence.next_element::<Scalar<'de>>()? {
                    texts.extend(item.to_text());
                }
                Ok(Texts(texts))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| Texts::default())
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Texts(
                    Some(text.to_owned())
                        .filter(|text| !text.is_empty())
                        .into_iter()
                        .collect(),
                ))
            }

            scalars_give!(Texts::default());
        }

        deserializer.deserialize_any(TextsVisitor)
    }
}

/// A struct where there is a map, its default where there is anything else.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Block<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(MapOnly::<T>(PhantomData))
            .map(|block| Self(block.unwrap_or_default()))
    }
}

/// Free-form keys and values; anything but a map counts as empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(MapOnly::<Map<String, Value>>(PhantomData))
            .map(|map| Self(map.unwrap_or_default()))
    }
}

/// Visits a map as `T` and skips everything else.
struct MapOnly<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapOnly<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Self::Value, A::Error> {
        skip_list(sequence).map(|()| None)
    }

    scalars_give!(with_text, None);
}

/// The entries of a map (with their keys) or of a list (with empty keys), in the order of the file.
/// Anything else has no entries; an entry that is itself no map has the default of `T`.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a, T>(pub Vec<(Cow<'a, str>, T)>);

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de> + Default> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de> + Default> Visitor<'de> for EntriesVisitor<'a, T> {
            type Value = Entries<'a, T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map or a list")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Scalar<'a>>()? {
                    let Block(value) = map.next_value::<Block<T>>()?;
                    let key = match key {
                        Scalar::Text(text) => text,
                        _ => Cow::Borrowed(""),
                    };
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(Block(value)) = sequence.next_element::<Block<T>>()? {
                    entries.push((Cow::Borrowed(""), value));
                }
                Ok(Entries(entries))
            }

            scalars_give!(with_text, Entries::default());
        }

        deserializer.deserialize_any(EntriesVisitor(PhantomData))
    }
}

/// Reads a list to its end without keeping any of it.
pub(crate) fn skip_list<'de, A: SeqAccess<'de>>(mut sequence: A) -> Result<(), A::Error> {
    while sequence.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads a map to its end without keeping any of it.
pub(crate) fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[rstest]
    #[case("1", Some("1"))]
    #[case("1.0", Some("1.0"))]
    #[case("1.5", Some("1.5"))]
    #[case("\"1\"", Some("1"))]
    #[case("\"a\\u00e9\"", Some("aé"))]
    #[case("\"\"", None)]
    #[case("null", None)]
    #[case("[1, {\"a\": []}]", None)]
    #[case("{\"a\": [1]}", None)]
    fn a_scalar_is_the_text_of_what_stands_there(#[case] json: &str, #[case] expected: Option<&str>) {
        let scalar: Scalar = serde_json::from_str(json).unwrap();
        assert_eq!(scalar.to_text().as_deref(), expected);
    }

    #[rstest]
    #[case("[\"a\", null, 2, [], {}]", &["a", "2"])]
    #[case("\"nightly\"", &["nightly"])]
    #[case("null", &[])]
    #[case("{\"a\": 1}", &[])]
    #[case("7", &[])]
    fn texts_come_from_a_list_or_one_text(#[case] json: &str, #[case] expected: &[&str]) {
        let texts: Texts = serde_json::from_str(json).unwrap();
        assert_eq!(texts.0, expected);
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Point {
        x: i64,
    }

    #[rstest]
    #[case("{\"x\": 3, \"y\": [1]}", 3)]
    #[case("[3]", 0)]
    #[case("null", 0)]
    #[case("\"x\"", 0)]
    fn a_block_is_a_map_or_its_default(#[case] json: &str, #[case] expected: i64) {
        let block: Block<Point> = serde_json::from_str(json).unwrap();
        assert_eq!(block.0, Point { x: expected });
    }

    #[rstest]
    #[case("{\"a\": {\"x\": 1}, \"b\": null}", &[("a", 1), ("b", 0)])]
    #[case("[{\"x\": 1}, 5]", &[("", 1), ("", 0)])]
    #[case("false", &[])]
    fn entries_come_from_a_map_or_a_list(#[case] json: &str, #[case] expected: &[(&str, i64)]) {
        let entries: Entries<Point> = serde_json::from_str(json).unwrap();
        let read: Vec<_> = entries
            .0
            .iter()
            .map(|(key, point)| (key.as_ref(), point.x))
            .collect();
        assert_eq!(read, expected);
    }
}
