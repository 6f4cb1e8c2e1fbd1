//! What people are told, before it takes the shape of a chat or a letter.

use tailwater_core::signal::{Notice, NoticeState, Severity, Text};

/// So many notices are told one by one; the rest are counted.
pub const MOST_ENTRIES: usize = 20;

/// What one channel, or one reader, is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The notices in words, at most [`MOST_ENTRIES`].
    pub entries: Vec<Entry>,
    /// How many more there are.
    pub more: usize,
    /// The catalog's address, with a slash at its end, where it is known.
    pub catalog: Option<String>,
}

/// One notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is told of it.
    pub state: NoticeState,
    /// How much it matters.
    pub severity: Severity,
    /// The words. Untrusted: whoever shows them escapes them.
    pub text: Text,
    /// The page of the subject in the catalog.
    pub link: Option<String>,
}

impl Message {
    /// Puts notices into words. `catalog` is the address at which people reach the catalog.
    pub fn of<'a>(notices: impl IntoIterator<Item = &'a Notice>, catalog: Option<&str>) -> Self {
        let catalog = catalog.map(|address| format!("{}/", address.trim_end_matches('/')));
        let mut entries: Vec<Entry> = notices
            .into_iter()
            .map(|notice| {
                let text = Text::of(notice);
                let link = catalog
                    .as_ref()
                    .zip(text.page.as_ref())
                    .map(|(catalog, page)| format!("{catalog}{page}"));
                Entry {
                    state: notice.state,
                    severity: notice.severity,
                    text,
                    link,
                }
            })
            .collect();
        let more = entries.len().saturating_sub(MOST_ENTRIES);
        entries.truncate(MOST_ENTRIES);
        Self {
            entries,
            more,
            catalog,
        }
    }

    /// One line for all of it, such as a letter's subject.
    pub fn headline(&self) -> String {
        let Some(first) = self.entries.first() else {
            return "Nothing to tell".to_owned();
        };
        match self.entries.len() + self.more - 1 {
            0 => first.text.headline.clone(),
            more => format!("{} and {more} more", first.text.headline),
        }
    }
}
