//! One scan of the buffer: which documents have a term, and how well it fits.

use memchr::memmem::Finder;

use super::document::Field;
use super::index::{Entry, Index};

/// How well a term fits a document; 0 is best.
pub type Fit = u8;

/// The term is the whole name, label or id.
const EXACT: Fit = 0;
/// A name or label begins with it.
const PREFIX: Fit = 1;
/// A word in a name or label begins with it.
const WORD_START: Fit = 2;
/// It stands elsewhere in a name or label.
const IN_TITLE: Fit = 3;
/// It is the whole name of a column, or a tag.
const EXACT_PART: Fit = 4;
/// It stands in a tag, an owner, the relation or the name of a column.
const IN_PART: Fit = 5;
const IN_DESCRIPTION: Fit = 6;
const IN_COLUMN_DESCRIPTION: Fit = 7;
const IN_CODE: Fit = 8;

/// For each document how well the term fits; `None` where it is not found.
pub fn scan(index: &Index, term: &str) -> Vec<Option<Fit>> {
    let mut fits = vec![None; index.entries.len()];
    let finder = Finder::new(term);
    let buffer = index.folded.as_bytes();
    let mut from = 0;
    let mut document = 0;
    while let Some(found) = buffer.get(from..).and_then(|rest| finder.find(rest)) {
        let byte = from + found;
        // The documents lie in the buffer in their order, so that the next one is never far.
        document += index.entries[document..].partition_point(|entry| entry.text.end <= byte);
        let Some(entry) = index.entries.get(document) else {
            break;
        };
        fits[document] = Some(fit(index, entry, byte, term));
        from = entry.text.end;
        document += 1;
    }
    if let Some(document) = index.find_folded_id(term) {
        fits[document] = Some(EXACT);
    }
    fits
}

/// How well a term fits a document in which it stands first at a byte of the buffer.
fn fit(index: &Index, entry: &Entry, byte: usize, term: &str) -> Fit {
    let mut best = Fit::MAX;
    for text in index.fields_from(entry, byte) {
        if best == EXACT || (best <= IN_TITLE && !text.field.is_title()) {
            break;
        }
        let fit = match text.field {
            // The fields are in order: what was found first is at least this good.
            Field::Description => return best.min(IN_DESCRIPTION),
            Field::ColumnDescription => return best.min(IN_COLUMN_DESCRIPTION),
            Field::Code => return best.min(IN_CODE),
            _ if !text.folded.contains(term) => continue,
            Field::Name | Field::Label if text.folded == term => EXACT,
            Field::Name | Field::Label if text.folded.starts_with(term) => PREFIX,
            Field::Name | Field::Label if has_word_start(text.folded, term) => WORD_START,
            Field::Name | Field::Label => IN_TITLE,
            Field::Column | Field::Tag if text.folded == term => EXACT_PART,
            Field::Tag | Field::Owner | Field::Relation | Field::Column => IN_PART,
        };
        best = best.min(fit);
    }
    best
}

/// Whether a word of the text begins with the term. An underscore parts words.
fn has_word_start(text: &str, term: &str) -> bool {
    text.match_indices(term).any(|(at, _)| {
        text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric())
    })
}
