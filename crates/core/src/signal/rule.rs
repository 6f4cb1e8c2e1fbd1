//! Rules: which channel is told of what, and to whom a letter goes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::kind::{Severity, SignalKind};
use super::notice::{Notice, NoticeState};
use crate::id::{IntegrationName, ProjectName};
use crate::selection::Selection;

/// What a channel is told. A list that is empty chooses everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The kinds of signal; without any, all but failed tests, which are told by way of what they degrade.
    pub events: BTreeSet<SignalKind>,
    /// Nothing less than this.
    pub severity: Severity,
    /// The integrations.
    pub integrations: BTreeSet<IntegrationName>,
    /// The collections of affected exposures, as patterns of a [`Selection`].
    pub collections: Vec<String>,
    /// The dbt projects.
    pub projects: BTreeSet<ProjectName>,
    /// Addresses of owners of affected exposures, without regard to case.
    pub owners: BTreeSet<String>,
    /// Whether to tell that something has recovered.
    pub recovered: bool,
    /// Whether to tell again of what is still wrong.
    pub reminders: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            events: BTreeSet::new(),
            severity: Severity::Error,
            integrations: BTreeSet::new(),
            collections: Vec::new(),
            projects: BTreeSet::new(),
            owners: BTreeSet::new(),
            recovered: true,
            reminders: true,
        }
    }
}

impl Rule {
    /// Whether the channel is told.
    pub fn wants(&self, notice: &Notice) -> bool {
        let about = &notice.about;
        let is_event = if self.events.is_empty() {
            notice.event.is_told_unasked()
        } else {
            self.events.contains(&notice.event)
        };
        let is_state = match notice.state {
            NoticeState::Raised => true,
            NoticeState::Reminder => self.reminders,
            NoticeState::Recovered => self.recovered,
        };
        let is_owned = || {
            let wanted = self.owners.iter().map(|owner| owner.trim().to_lowercase());
            self.owners.is_empty() || wanted.into_iter().any(|owner| about.owners.contains(&owner))
        };
        let is_placed = || {
            let selection = Selection::new(&self.collections);
            self.collections.is_empty()
                || about
                    .collections
                    .iter()
                    .any(|place| selection.includes(&place.ids, &place.path))
        };
        is_event
            && is_state
            && notice.severity >= self.severity
            && (self.integrations.is_empty() || !self.integrations.is_disjoint(&about.integrations))
            && (self.projects.is_empty() || !self.projects.is_disjoint(&about.projects))
            && is_owned()
            && is_placed()
    }
}

/// One message to people: to whom, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The addresses; empty for a channel that is one place.
    pub to: Vec<String>,
    /// The notices, by their places in what was given.
    pub notices: Vec<usize>,
}

/// Sorts notices into letters: one to `to` with all of them, and where owners are written to, one to each with
/// what touches their exposures alone. An owner who is among `to` gets no second one. What touches nobody's
/// exposure goes to `to` alone.
pub fn letters(notices: &[Notice], to: &[String], to_owners: bool) -> Vec<Letter> {
    let mut letters = Vec::new();
    if !to.is_empty() && !notices.is_empty() {
        letters.push(Letter {
            to: to.to_vec(),
            notices: (0..notices.len()).collect(),
        });
    }
    if !to_owners {
        return letters;
    }
    let told: BTreeSet<String> = to.iter().map(|address| address.trim().to_lowercase()).collect();
    let mut by_owner: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, notice) in notices.iter().enumerate() {
        for owner in &notice.about.owners {
            if !told.contains(owner) {
                by_owner.entry(owner).or_default().push(at);
            }
        }
    }
    letters.extend(by_owner.into_iter().map(|(owner, notices)| Letter {
        to: vec![owner.to_owned()],
        notices,
    }));
    letters
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::signal::{About, AlarmId, Place, Subject, SubjectId, SubjectKind};

    fn notice(state: NoticeState, event: SignalKind, owners: &[&str]) -> Notice {
        let at = "2026-01-10T06:00:00Z".parse().unwrap();
        Notice {
            alarm: AlarmId::new("1"),
            state,
            event,
            severity: Severity::Error,
            subject: Subject {
                id: SubjectId::new(SubjectKind::Exposure, "exposure.shop.sales"),
                name: "Sales".to_owned(),
                page: None,
            },
            causes: BTreeMap::new(),
            about: About {
                integrations: ["main".into()].into(),
                projects: ["shop".into()].into(),
                collections: [Place {
                    path: vec!["Finance".to_owned(), "Monthly".to_owned()],
                    ids: vec![],
                }]
                .into(),
                owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
                ..About::default()
            },
            since: at,
            at,
            reminder: 0,
        }
    }

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[rstest]
    #[case("{}", true)]
    #[case(r#"{"events": ["refresh_failed"]}"#, false)]
    #[case(r#"{"events": ["exposure_degraded", "job_failed"]}"#, true)]
    #[case(r#"{"integrations": ["main"], "projects": ["shop"]}"#, true)]
    #[case(r#"{"integrations": ["other"]}"#, false)]
    #[case(r#"{"projects": ["other"]}"#, false)]
    #[case(r#"{"collections": ["Finance/**"]}"#, true)]
    #[case(r#"{"collections": ["Finance"]}"#, false)]
    #[case(r#"{"owners": ["Ada@Acme.com"]}"#, true)]
    #[case(r#"{"owners": ["bob@acme.com"]}"#, false)]
    #[case(r#"{"recovered": false, "reminders": false}"#, true)]
    fn a_rule_chooses_by_everything_that_it_names(#[case] json: &str, #[case] wants: bool) {
        let notice = notice(
            NoticeState::Raised,
            SignalKind::ExposureDegraded,
            &["ada@acme.com"],
        );
        assert_eq!(rule(json).wants(&notice), wants);
    }

    #[rstest]
    #[case("{}", NoticeState::Recovered, SignalKind::RefreshFailed, true)]
    #[case(
        r#"{"recovered": false}"#,
        NoticeState::Recovered,
        SignalKind::RefreshFailed,
        false
    )]
    #[case(
        r#"{"reminders": false}"#,
        NoticeState::Reminder,
        SignalKind::RefreshFailed,
        false
    )]
    #[case("{}", NoticeState::Raised, SignalKind::TestFailed, false)]
    #[case(
        r#"{"events": ["test_failed"]}"#,
        NoticeState::Raised,
        SignalKind::TestFailed,
        true
    )]
    fn a_rule_chooses_by_state(
        #[case] json: &str,
        #[case] state: NoticeState,
        #[case] event: SignalKind,
        #[case] wants: bool,
    ) {
        assert_eq!(rule(json).wants(&notice(state, event, &[])), wants);
    }

    #[test]
    fn severity_is_a_threshold() {
        let warning = Notice {
            severity: Severity::Warning,
            ..notice(NoticeState::Raised, SignalKind::RefreshFailed, &[])
        };
        assert!(!rule("{}").wants(&warning));
        assert!(rule(r#"{"severity": "warning"}"#).wants(&warning));
    }

    #[test]
    fn an_owner_is_told_of_their_own_alone() {
        let told = |owners: &[&str]| notice(NoticeState::Raised, SignalKind::RefreshFailed, owners);
        let notices = [
            told(&["ada@acme.com"]),
            told(&[]),
            told(&["ada@acme.com", "bob@acme.com"]),
        ];
        let letters_to = |to: &[&str], to_owners| {
            let to: Vec<String> = to.iter().map(|&to| to.to_owned()).collect();
            letters(&notices, &to, to_owners)
                .into_iter()
                .map(|letter| (letter.to.join(","), letter.notices))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            letters_to(&["data@acme.com"], true),
            [
                ("data@acme.com".to_owned(), vec![0, 1, 2]),
                ("ada@acme.com".to_owned(), vec![0, 2]),
                ("bob@acme.com".to_owned(), vec![2]),
            ]
        );
        assert_eq!(letters_to(&["Ada@acme.com"], true).len(), 2);
        assert_eq!(letters_to(&[], false), []);
    }
}
