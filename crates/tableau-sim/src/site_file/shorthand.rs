//! List entries that are a bare name in the common case and a TOML table when there is more to say.

/// Implements `Deserialize` for an enum `Name(String) | Described(T)`. Unlike serde's `untagged` it keeps the
/// error of the table that was written, which names the wrong key.
macro_rules! shorthand {
    ($entry:ident, $described:ty, $expecting:literal) => {
        impl<'de> serde::Deserialize<'de> for $entry {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct EntryVisitor;

                impl<'de> serde::de::Visitor<'de> for EntryVisitor {
                    type Value = $entry;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$entry, E> {
                        Ok($entry::Name(name.to_owned()))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$entry, A::Error> {
                        let described = <$described as serde::Deserialize>::deserialize(
                            serde::de::value::MapAccessDeserializer::new(map),
                        )?;
                        Ok($entry::Described(described))
                    }
                }

                deserializer.deserialize_any(EntryVisitor)
            }
        }
    };
}

pub(crate) use shorthand;
