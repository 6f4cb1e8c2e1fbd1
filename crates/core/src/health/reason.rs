//! Reasons: why a resource is not healthy, in words whose names can be linked.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::state::HealthState;
use crate::id::NodeId;

/// Why a resource is not healthy. The words in JSON are stable; the order is that of sentences on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKey {
    /// A build failed, wholly or in some of its batches.
    BuildFailed,
    /// A test found failing rows or could not be run.
    TestFailed,
    /// The freshness of a source errored.
    SourceErrored,
    /// The check of freshness that a source configures has not run for 30 days.
    SourceNotChecked,
    /// It was not built because something before it failed.
    BuildSkipped,
    /// A test warned.
    TestWarned,
    /// A test was not run because something before it failed.
    TestSkipped,
    /// The freshness of a source warned.
    SourceWarned,
    /// It was last built more than 30 days ago.
    BuildOld,
    /// It has no tests.
    NoTests,
    /// A source configures no freshness.
    NoFreshness,
    /// It has no description.
    NoDescription,
    /// No run has touched it.
    NotRun,
    /// No run that is known has built it.
    BuildNotKnown,
    /// Tests that no run has touched.
    TestNotRun,
    /// dbt reported a status that this release does not know.
    StatusNotKnown,
    /// Nothing in dbt is known to stand behind it.
    NothingUpstream,
}

impl ReasonKey {
    /// Every key, in order.
    pub const ALL: [Self; 17] = [
        Self::BuildFailed,
        Self::TestFailed,
        Self::SourceErrored,
        Self::SourceNotChecked,
        Self::BuildSkipped,
        Self::TestWarned,
        Self::TestSkipped,
        Self::SourceWarned,
        Self::BuildOld,
        Self::NoTests,
        Self::NoFreshness,
        Self::NoDescription,
        Self::NotRun,
        Self::BuildNotKnown,
        Self::TestNotRun,
        Self::StatusNotKnown,
        Self::NothingUpstream,
    ];

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuildFailed => "build_failed",
            Self::TestFailed => "test_failed",
            Self::SourceErrored => "source_errored",
            Self::SourceNotChecked => "source_not_checked",
            Self::BuildSkipped => "build_skipped",
            Self::TestWarned => "test_warned",
            Self::TestSkipped => "test_skipped",
            Self::SourceWarned => "source_warned",
            Self::BuildOld => "build_old",
            Self::NoTests => "no_tests",
            Self::NoFreshness => "no_freshness",
            Self::NoDescription => "no_description",
            Self::NotRun => "not_run",
            Self::BuildNotKnown => "build_not_known",
            Self::TestNotRun => "test_not_run",
            Self::StatusNotKnown => "status_not_known",
            Self::NothingUpstream => "nothing_upstream",
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which rule it is.
    pub key: ReasonKey,
    /// The state it leads to.
    pub state: HealthState,
    /// A sentence without a full stop, in pieces: what is a node can be linked.
    pub phrases: Vec<Phrase>,
    /// The nodes that caused it, sorted: tests, models or sources. At most [`super::LONGEST_LIST`].
    pub nodes: Vec<NodeId>,
    /// How many more there are.
    #[serde(default)]
    pub more: usize,
    /// When it came to be known: the last result among those nodes; `None` where nothing ran.
    pub at: Option<DateTime<Utc>>,
}

impl Reason {
    /// The whole sentence as plain text. Untrusted: it has names of nodes in it.
    pub fn sentence(&self) -> String {
        self.phrases.iter().map(Phrase::as_str).collect()
    }
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Phrase {
    /// A node, to be shown by its name and linked.
    Node {
        /// Its id.
        id: NodeId,
        /// Its name for people. Untrusted.
        name: String,
    },
    /// Words. Spaces to the neighbours are in them.
    Text(Cow<'static, str>),
}

impl Phrase {
    /// What is read.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Node { name, .. } => name,
            Self::Text(text) => text,
        }
    }
}

impl From<&'static str> for Phrase {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_json_says() {
        for key in ReasonKey::ALL {
            assert_eq!(serde_json::to_value(key).unwrap(), key.name());
        }
        assert!(ReasonKey::ALL.is_sorted());
    }

    #[test]
    fn a_sentence_is_its_pieces_and_survives_json() {
        let reason = Reason {
            key: ReasonKey::TestWarned,
            state: HealthState::Caution,
            phrases: vec![
                "1 of 14 tests on ".into(),
                Phrase::Node {
                    id: "model.shop.fct_orders".into(),
                    name: "fct_orders".into(),
                },
                " gave a warning".into(),
            ],
            nodes: vec!["test.shop.unique".into()],
            more: 0,
            at: None,
        };
        assert_eq!(reason.sentence(), "1 of 14 tests on fct_orders gave a warning");
        let json = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), reason);
    }
}
