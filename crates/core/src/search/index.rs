//! The index: every text once, in the order in which it is scanned.

use std::collections::HashMap;

use super::document::{Document, Field};
use super::facet::Facet;
use super::fold::{fold, fold_into};

/// Stands after each field; folded texts have none.
const END_OF_FIELD: char = '\n';
/// That an original is the same as its folded form, as most names are.
const SAME: u32 = u32::MAX;

/// All documents, searchable. Built once and asked often; nothing in it changes.
#[derive(Debug, Default)]
pub struct Index {
    /// By id.
    pub(super) entries: Vec<Entry>,
    /// The places of those documents whose id is not in its folded form.
    odd_ids: HashMap<String, usize>,
    /// The fields of all documents, in the order of the buffer.
    fields: Vec<Span>,
    pub(super) folded: String,
    /// The originals of those fields that folding changes.
    originals: String,
    /// Each value of a facet once, sorted.
    pub(super) values: Vec<(Facet, String)>,
    /// The values of all documents, as positions in `values`.
    pub(super) value_positions: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub id: String,
    /// Its fields, as positions in the list of all.
    pub fields: std::ops::Range<usize>,
    /// Its bytes in the buffer.
    pub text: std::ops::Range<usize>,
    /// Its values, as positions in the list of all.
    pub values: std::ops::Range<usize>,
    pub precedence: u8,
    pub usage: u32,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    field: Field,
    /// Where its folded text begins; it ends before the next field's.
    folded: u32,
    /// Where its original begins, or [`SAME`].
    original: u32,
    /// How long the original is.
    original_length: u32,
    /// Of a column, its number among the document's.
    column: u32,
}

/// A field of a document, as it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldText<'a> {
    pub field: Field,
    pub folded: &'a str,
    pub original: &'a str,
    pub column: Option<usize>,
}

impl Index {
    /// Builds the index. Of two documents with one id the first is kept.
    pub fn new(documents: impl IntoIterator<Item = Document>) -> Self {
        let mut documents: Vec<Document> = documents.into_iter().collect();
        documents.sort_by(|left, right| left.id.cmp(&right.id));
        documents.dedup_by(|later, first| later.id == first.id);
        let mut index = Self::default();
        let mut values: HashMap<(Facet, String), u32> = HashMap::new();
        for document in documents {
            index.add(document, &mut values);
        }
        index.number_values(values);
        index.folded.shrink_to_fit();
        index.originals.shrink_to_fit();
        index.fields.shrink_to_fit();
        index
    }

    /// How many documents it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, document: Document, values: &mut HashMap<(Facet, String), u32>) {
        let (first_field, first_byte) = (self.fields.len(), self.folded.len());
        for (field, column, text) in document.fields() {
            self.add_field(field, column, text);
        }
        let id = fold(&document.id);
        if id != document.id {
            self.odd_ids.entry(id).or_insert(self.entries.len());
        }
        let first_value = self.value_positions.len();
        let mut own = Vec::new();
        let kind = std::iter::once((Facet::Kind, &document.kind));
        let tags = document.tags.iter().map(|tag| (Facet::Tag, tag));
        let further = document.facets.iter().map(|(facet, value)| (*facet, value));
        for (facet, value) in kind.chain(tags).chain(further) {
            if value.is_empty() {
                continue;
            }
            let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
            own.push(*values.entry((facet, value.clone())).or_insert(next));
        }
        // Sorted rather than searched for each: somebody may have given a dashboard a hundred thousand tags.
        own.sort_unstable();
        own.dedup();
        self.value_positions.append(&mut own);
        self.entries.push(Entry {
            fields: first_field..self.fields.len(),
            text: first_byte..self.folded.len(),
            values: first_value..self.value_positions.len(),
            precedence: document.precedence(),
            usage: document.usage,
            id: document.id,
        });
    }

    /// A text that would make the buffers longer than four gigabytes is left out.
    fn add_field(&mut self, field: Field, column: Option<usize>, text: &str) {
        let (Ok(folded), Ok(original), Ok(original_length)) = (
            u32::try_from(self.folded.len() + text.len() * 4),
            u32::try_from(self.originals.len() + text.len()),
            u32::try_from(text.len()),
        ) else {
            return;
        };
        if folded == SAME || original == SAME {
            return;
        }
        let start = self.folded.len();
        fold_into(text, &mut self.folded);
        if self.folded.len() == start {
            return;
        }
        let is_same = &self.folded[start..] == text;
        let original = if is_same { SAME } else { original - original_length };
        if !is_same {
            self.originals.push_str(text);
        }
        self.folded.push(END_OF_FIELD);
        self.fields.push(Span {
            field,
            folded: u32::try_from(start).unwrap_or(SAME),
            original,
            original_length,
            column: column
                .and_then(|column| u32::try_from(column).ok())
                .unwrap_or(SAME),
        });
    }

    /// Puts the values in order, so that counts come out by facet and name.
    fn number_values(&mut self, values: HashMap<(Facet, String), u32>) {
        let mut sorted: Vec<((Facet, String), u32)> = values.into_iter().collect();
        sorted.sort();
        let mut place = vec![0; sorted.len()];
        for (new, (_, old)) in sorted.iter().enumerate() {
            if let (Some(place), Ok(new)) = (place.get_mut(*old as usize), u32::try_from(new)) {
                *place = new;
            }
        }
        for position in &mut self.value_positions {
            *position = place.get(*position as usize).copied().unwrap_or_default();
        }
        self.values = sorted.into_iter().map(|(value, _)| value).collect();
    }

    /// The fields of a document, best first.
    pub(super) fn fields_of(&self, entry: &Entry) -> impl Iterator<Item = FieldText<'_>> {
        entry.fields.clone().map(|at| self.field(at))
    }

    fn field(&self, at: usize) -> FieldText<'_> {
        let span = self.fields[at];
        let end = self
            .fields
            .get(at + 1)
            .map_or(self.folded.len(), |next| next.folded as usize);
        // Without the mark at its end.
        let folded = &self.folded[span.folded as usize..end - END_OF_FIELD.len_utf8()];
        let original = if span.original == SAME {
            folded
        } else {
            let start = span.original as usize;
            &self.originals[start..start + span.original_length as usize]
        };
        FieldText {
            field: span.field,
            folded,
            original,
            column: (span.column != SAME).then_some(span.column as usize),
        }
    }

    /// The field of a document in which a byte of the buffer stands, and those after it.
    pub(super) fn fields_from(&self, entry: &Entry, byte: usize) -> impl Iterator<Item = FieldText<'_>> {
        let fields = &self.fields[entry.fields.clone()];
        let after = fields.partition_point(|span| span.folded as usize <= byte);
        let first = entry.fields.start + after.saturating_sub(1);
        (first..entry.fields.end).map(|at| self.field(at))
    }

    /// The document with an id, given in its folded form.
    pub(super) fn find_folded_id(&self, id: &str) -> Option<usize> {
        self.entries
            .binary_search_by(|entry| entry.id.as_str().cmp(id))
            .ok()
            .or_else(|| self.odd_ids.get(id).copied())
    }
}
