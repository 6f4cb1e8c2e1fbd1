//! The fields that people may give by hand, and which values can stand in them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::CurationError;
use crate::exposure::Exposure;

/// The words that dbt takes for an exposure's `maturity`.
pub const MATURITIES: &[&str] = &["high", "medium", "low"];

/// The words that dbt takes for an exposure's `type`.
pub const TYPES: &[&str] = &["dashboard", "notebook", "analysis", "ml", "application"];

/// The most characters of a note.
pub const LONGEST_NOTE: usize = 1_000;
const LONGEST_LABEL: usize = 200;
const LONGEST_DESCRIPTION: usize = 10_000;
const LONGEST_NAME: usize = 200;
/// As addresses go by RFC 5321: 64 before the `@`, 255 behind it.
const LONGEST_ADDRESS: usize = 320;
const LONGEST_TAG: usize = 100;
const LONGEST_TABLE: usize = 1_000;
const MOST_TAGS: usize = 50;

/// A field that can be given by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The name for people.
    Label,
    /// Free text.
    Description,
    /// The owner's name.
    OwnerName,
    /// The owner's address.
    OwnerEmail,
    /// `high`, `medium` or `low`.
    Maturity,
    /// dbt's type of exposure.
    Type,
    /// All tags together.
    Tags,
}

impl Field {
    /// Every field, in the order in which pages list them.
    pub const ALL: [Self; 7] = [
        Self::Label,
        Self::Description,
        Self::OwnerName,
        Self::OwnerEmail,
        Self::Maturity,
        Self::Type,
        Self::Tags,
    ];

    /// The word in JSON and in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Description => "description",
            Self::OwnerName => "owner_name",
            Self::OwnerEmail => "owner_email",
            Self::Maturity => "maturity",
            Self::Type => "type",
            Self::Tags => "tags",
        }
    }

    /// A few words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::OwnerName => "owner",
            Self::OwnerEmail => "owner e-mail",
            other => other.name(),
        }
    }

    /// The field of the given word; `owner-name` and `owner_name` are one.
    ///
    /// # Errors
    /// When there is none.
    pub fn from_name(name: &str) -> Result<Self, CurationError> {
        let wanted = name.trim().to_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|field| field.name() == wanted || (*field == Self::OwnerName && wanted == "owner"))
            .ok_or_else(|| CurationError::UnknownField {
                name: name.to_owned(),
            })
    }

    /// The value that a text means here: trimmed, empty for none, tags parted by commas.
    ///
    /// # Errors
    /// When it cannot stand in this field.
    pub fn read(self, text: &str) -> Result<FieldValue, CurationError> {
        let text = text.trim();
        if self == Self::Tags {
            return Self::read_tags(text.split(','));
        }
        let (what, longest, may_have_lines) = match self {
            Self::Label => ("the label", LONGEST_LABEL, false),
            Self::Description => ("the description", LONGEST_DESCRIPTION, true),
            Self::OwnerName => ("the owner's name", LONGEST_NAME, false),
            Self::OwnerEmail => ("the owner's e-mail address", LONGEST_ADDRESS, false),
            Self::Maturity | Self::Type | Self::Tags => (self.name(), LONGEST_NAME, false),
        };
        if text.is_empty() {
            return match self {
                Self::Label => Err(CurationError::Empty { what: "the label" }),
                Self::Type => Err(CurationError::Empty { what: "the type" }),
                _ => Ok(FieldValue::Text(None)),
            };
        }
        check_text(what, text, longest, may_have_lines)?;
        match self {
            Self::Maturity => check_word("maturity", text, MATURITIES)?,
            Self::Type => check_word("type", text, TYPES)?,
            Self::OwnerEmail => check_address(text)?,
            _ => {}
        }
        Ok(FieldValue::Text(Some(text.to_owned())))
    }

    /// The value of the given tags, without blanks and repeats.
    ///
    /// # Errors
    /// When there are too many, or one is too long or holds a control character.
    pub fn read_tags<'t>(tags: impl IntoIterator<Item = &'t str>) -> Result<FieldValue, CurationError> {
        let tags: BTreeSet<String> = tags
            .into_iter()
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect();
        if tags.len() > MOST_TAGS {
            return Err(CurationError::TooManyTags {
                count: tags.len(),
                most: MOST_TAGS,
            });
        }
        for tag in &tags {
            check_text("a tag", tag, LONGEST_TAG, false)?;
        }
        Ok(FieldValue::Tags(tags))
    }

    /// What stands in the field now.
    pub fn value_in(self, exposure: &Exposure) -> FieldValue {
        let text = match self {
            Self::Label => Some(exposure.label.clone()),
            Self::Description => exposure.description.clone(),
            Self::OwnerName => exposure.owner.name.clone(),
            Self::OwnerEmail => exposure.owner.email.clone(),
            Self::Maturity => exposure.maturity.clone(),
            Self::Type => Some(exposure.kind.clone()),
            Self::Tags => return FieldValue::Tags(exposure.tags.clone()),
        };
        FieldValue::Text(text)
    }

    /// Puts a value into the field. A value of another shape than the field's changes nothing.
    pub(super) fn put(self, exposure: &mut Exposure, value: FieldValue) {
        match (self, value) {
            (Self::Label, FieldValue::Text(Some(text))) => exposure.label = text,
            (Self::Type, FieldValue::Text(Some(text))) => exposure.kind = text,
            (Self::Description, FieldValue::Text(text)) => exposure.description = text,
            (Self::OwnerName, FieldValue::Text(text)) => exposure.owner.name = text,
            (Self::OwnerEmail, FieldValue::Text(text)) => exposure.owner.email = text,
            (Self::Maturity, FieldValue::Text(text)) => exposure.maturity = text,
            (Self::Tags, FieldValue::Tags(tags)) => exposure.tags = tags,
            _ => {}
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What stands in a field: a text, nothing, or tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// One text; `None` where there is none.
    Text(Option<String>),
    /// Tags, sorted.
    Tags(BTreeSet<String>),
}

impl FieldValue {
    /// The value as one text for people; empty for none.
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone().unwrap_or_default(),
            Self::Tags(tags) => tags.iter().cloned().collect::<Vec<_>>().join(", "),
        }
    }
}

/// A note as it is kept: trimmed, `None` when empty.
///
/// # Errors
/// When it is too long or holds a control character.
pub fn checked_note(note: Option<&str>) -> Result<Option<String>, CurationError> {
    optional("the note", note, LONGEST_NOTE, true)
}

/// The name of a table as it is kept: trimmed, `None` when empty.
///
/// # Errors
/// When it is too long or holds a control character.
pub fn checked_table(table: Option<&str>) -> Result<Option<String>, CurationError> {
    optional("the table's name", table, LONGEST_TABLE, false)
}

fn optional(
    what: &'static str,
    text: Option<&str>,
    longest: usize,
    may_have_lines: bool,
) -> Result<Option<String>, CurationError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    check_text(what, text, longest, may_have_lines)?;
    Ok(Some(text.to_owned()))
}

fn check_text(
    what: &'static str,
    text: &str,
    longest: usize,
    may_have_lines: bool,
) -> Result<(), CurationError> {
    let length = text.chars().count();
    if length > longest {
        return Err(CurationError::TooLong {
            what,
            length,
            longest,
        });
    }
    let is_line = |character: char| may_have_lines && matches!(character, '\n' | '\r' | '\t');
    match text
        .chars()
        .find(|character| character.is_control() && !is_line(*character))
    {
        None => Ok(()),
        Some(character) => Err(CurationError::ControlCharacter {
            what,
            code: character.into(),
        }),
    }
}

fn check_word(what: &'static str, word: &str, known: &'static [&'static str]) -> Result<(), CurationError> {
    if known.contains(&word) {
        return Ok(());
    }
    Err(CurationError::UnknownWord {
        what,
        word: shortened(word),
        known,
    })
}

/// dbt takes any text; what is surely not an address is refused, since people write to it.
fn check_address(text: &str) -> Result<(), CurationError> {
    let is_address = text
        .rsplit_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !text.contains(|character: char| character.is_whitespace() || "<>,;\"".contains(character));
    if is_address {
        return Ok(());
    }
    Err(CurationError::NoAddress {
        address: shortened(text),
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::diagnostic::Diagnostic;

    fn text(value: &str) -> FieldValue {
        FieldValue::Text(Some(value.to_owned()))
    }

    #[rstest]
    #[case(Field::Label, "  Sales <b>EU</b> ", "Sales <b>EU</b>")]
    #[case(Field::Description, "two\nlines", "two\nlines")]
    #[case(Field::Maturity, "high", "high")]
    #[case(Field::Type, "ml", "ml")]
    #[case(Field::OwnerEmail, "ann@example.com", "ann@example.com")]
    fn good_values_are_kept(#[case] field: Field, #[case] given: &str, #[case] kept: &str) {
        assert_eq!(field.read(given), Ok(text(kept)));
    }

    #[rstest]
    #[case(Field::Label, " ", "TW-CURATION-EMPTY")]
    #[case(Field::Type, "", "TW-CURATION-EMPTY")]
    #[case(Field::Label, "a\u{0}b", "TW-CURATION-CHARACTER")]
    #[case(Field::Label, "two\nlines", "TW-CURATION-CHARACTER")]
    #[case(Field::Maturity, "High", "TW-CURATION-WORD")]
    #[case(Field::Type, "report", "TW-CURATION-WORD")]
    #[case(Field::OwnerEmail, "ann", "TW-CURATION-ADDRESS")]
    #[case(Field::OwnerEmail, "a b@example.com", "TW-CURATION-ADDRESS")]
    #[case(Field::OwnerEmail, "@example.com", "TW-CURATION-ADDRESS")]
    #[case(Field::Tags, "a,\u{7}", "TW-CURATION-CHARACTER")]
    fn bad_values_are_refused_with_advice(#[case] field: Field, #[case] given: &str, #[case] code: &str) {
        let error = field.read(given).expect_err("a refusal");
        assert_eq!(error.code(), code);
        assert!(error.hint().is_some());
    }

    #[test]
    fn long_values_are_refused() {
        let long = "x".repeat(10_001);
        for field in [Field::Label, Field::Description, Field::OwnerName, Field::Tags] {
            let error = field.read(&long).expect_err("a refusal");
            assert_eq!(error.code(), "TW-CURATION-TOO-LONG", "{field}");
        }
        let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
        assert!(Field::Tags.read(&many.join(",")).is_err());
        assert!(checked_note(Some(&"x".repeat(1_001))).is_err());
    }

    #[test]
    fn an_empty_text_stands_for_none_where_there_may_be_none() {
        assert_eq!(Field::Description.read(" "), Ok(FieldValue::Text(None)));
        assert_eq!(Field::OwnerEmail.read(""), Ok(FieldValue::Text(None)));
        assert_eq!(Field::Tags.read(" , "), Ok(FieldValue::Tags(BTreeSet::new())));
    }

    #[test]
    fn tags_are_sorted_and_once() {
        let expected = ["a b", "c"].map(str::to_owned).into();
        assert_eq!(Field::Tags.read("c, a b,,c"), Ok(FieldValue::Tags(expected)));
    }

    #[test]
    fn the_words_of_fields_are_those_of_json() {
        for field in Field::ALL {
            assert_eq!(serde_json::to_value(field).ok(), Some(field.name().into()));
            assert_eq!(Field::from_name(field.name()), Ok(field));
        }
        assert_eq!(Field::from_name("owner-email"), Ok(Field::OwnerEmail));
        assert!(Field::from_name("name").is_err());
    }

    #[test]
    fn values_survive_json() {
        for value in [
            FieldValue::Text(None),
            text("x"),
            FieldValue::Tags(["a".to_owned()].into()),
        ] {
            let json = serde_json::to_string(&value).expect("JSON");
            assert_eq!(serde_json::from_str::<FieldValue>(&json).ok(), Some(value));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic_and_what_is_read_is_read_again(given in ".{0,40}") {
            for field in Field::ALL {
                if let Ok(value) = field.read(&given) {
                    prop_assert_eq!(field.read(&value.to_text()), Ok(value));
                }
            }
        }
    }
}
