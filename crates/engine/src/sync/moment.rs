//! Moments in the history of an integration's exposures: how people name them, and which edition there was then.
//!
//! | reference | the moment |
//! | --- | --- |
//! | `0198b6f2-4c1d-…`, or its beginning | after that sync |
//! | `latest`, `previous` | after the last sync that landed, after the one before it |
//! | `~3`, `latest~3` | after the third before the last |
//! | `0198b6f2~1` | after the one before that sync |
//! | `2026-11-01`, `2026-11-01 08:30`, `2026-11-01T08:30:00+01:00` | then; in UTC when nothing is said |
//! | `now` | now, with what was curated and matched anew since the last sync |

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::Serialize;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::IntegrationName;
use tailwater_store::{Editions, SyncId, SyncMark};

/// A moment whose edition is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// The sync after which it is; `None` for a time, and for the moment before the first sync.
    pub sync: Option<SyncId>,
    /// When that sync began, or the time itself; `None` for the moment before the first sync.
    pub at: Option<DateTime<Utc>>,
    /// The edition that there was.
    #[serde(skip)]
    pub(crate) edition: i64,
}

impl Moment {
    /// In words: `sync 0198b6f2-4c1d of 2026-11-01 08:30 UTC`, `2026-11-01 08:30 UTC`, `before the first sync`.
    pub fn title(&self) -> String {
        let time = self.at.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        match (self.sync, time) {
            (Some(sync), Some(time)) => format!("sync {} of {time}", short_id(sync)),
            (None, Some(time)) => time,
            (_, None) => "before the first sync".to_owned(),
        }
    }
}

/// So much of an id as tells syncs of one integration apart: its instant, to the millisecond.
pub fn short_id(id: SyncId) -> String {
    const LENGTH: usize = 13;
    id.to_string().chars().take(LENGTH).collect()
}

/// Why two moments cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// No form of reference.
    #[error("`{reference}` names neither a sync nor a time")]
    Reference {
        /// What was given.
        reference: String,
    },
    /// No sync of this id is remembered.
    #[error("no sync of integration `{integration}` is known whose id begins with `{reference}`")]
    UnknownSync {
        /// The integration.
        integration: IntegrationName,
        /// What was given.
        reference: String,
    },
    /// The beginning of an id that several have.
    #[error("the ids of {count} syncs of integration `{integration}` begin with `{reference}`")]
    SeveralSyncs {
        /// The integration.
        integration: IntegrationName,
        /// What was given.
        reference: String,
        /// How many have it.
        count: usize,
    },
    /// Nothing landed yet.
    #[error("no sync of integration `{integration}` has landed yet")]
    NeverSynced {
        /// The integration.
        integration: IntegrationName,
    },
    /// There were not so many syncs.
    #[error(
        "`{reference}` is before the first sync of integration `{integration}`: {count} landed up to there"
    )]
    TooFar {
        /// The integration.
        integration: IntegrationName,
        /// What was given.
        reference: String,
        /// How many there are.
        count: usize,
    },
    /// What was so then is not known any more.
    #[error("how the exposures of integration `{integration}` were at `{reference}` is not known any more{}", kept_since(.since.as_ref()))]
    Forgotten {
        /// The integration.
        integration: IntegrationName,
        /// What was given.
        reference: String,
        /// Since when it is known.
        since: Option<DateTime<Utc>>,
    },
}

fn kept_since(since: Option<&DateTime<Utc>>) -> String {
    since.map_or_else(String::new, |since| {
        format!(
            ": changes are kept from {} on",
            since.format("%Y-%m-%d %H:%M UTC")
        )
    })
}

impl Diagnostic for DiffError {
    fn code(&self) -> &'static str {
        match self {
            Self::Reference { .. } => "TW-DIFF-REFERENCE",
            Self::UnknownSync { .. } => "TW-DIFF-UNKNOWN",
            Self::SeveralSyncs { .. } => "TW-DIFF-SEVERAL",
            Self::NeverSynced { .. } => "TW-DIFF-NEVER-SYNCED",
            Self::TooFar { .. } => "TW-DIFF-TOO-FAR",
            Self::Forgotten { .. } => "TW-DIFF-FORGOTTEN",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Reference { .. } => {
                "give the id of a sync or its beginning, `latest`, `previous`, `~3` (the third before the latest), \
                 `now`, or a time such as `2026-11-01` or `2026-11-01T08:30`"
                    .to_owned()
            }
            Self::UnknownSync { integration, .. } | Self::TooFar { integration, .. } => {
                format!("`tailwater sync {integration} --history` shows the syncs that are remembered")
            }
            Self::SeveralSyncs { .. } => "give more of the id".to_owned(),
            Self::NeverSynced { integration } => format!("run `tailwater sync {integration}`"),
            Self::Forgotten { .. } => {
                "give a later moment; `keep_sync_days` under [history] says for how long changes are kept, and a \
                 store of an earlier version knows them from its upgrade on"
                    .to_owned()
            }
        })
    }
}

/// A reference, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference<'t> {
    /// So many landed syncs before the last one.
    Latest { back: usize },
    /// So many landed syncs before the sync whose id begins so.
    Sync { id: &'t str, back: usize },
    /// That time.
    Time(DateTime<Utc>),
    /// Now.
    Now,
}

impl<'t> Reference<'t> {
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let text = text.trim();
        if let Some(at) = read_time(text) {
            return Some(Self::Time(at));
        }
        let (name, back) = match text.split_once('~') {
            None => (text, 0),
            Some((name, "")) => (name, 1),
            Some((name, count)) => (name, read_count(count)?),
        };
        match name {
            "" if !text.is_empty() => Some(Self::Latest { back }),
            "latest" => Some(Self::Latest { back }),
            "previous" => Some(Self::Latest {
                back: back.checked_add(1)?,
            }),
            "now" if back == 0 => Some(Self::Now),
            id if is_id(id) => Some(Self::Sync { id, back }),
            _ => None,
        }
    }
}

fn read_count(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// The beginning of a UUID, four characters at least.
fn is_id(text: &str) -> bool {
    (4..=36).contains(&text.len())
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn read_time(text: &str) -> Option<DateTime<Utc>> {
    const FORMS: [&str; 4] = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ];
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    let local = FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = local.or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::MIN))
    });
    local.map(|local| local.and_utc())
}

/// Finds moments in what is remembered of an integration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finder<'e> {
    pub(super) integration: &'e IntegrationName,
    pub(super) editions: &'e Editions,
}

impl Finder<'_> {
    /// The moment after the sync so many landed ones before the given one, or before the last.
    pub(super) fn back_from(
        &self,
        reference: &str,
        id: Option<&str>,
        back: usize,
    ) -> Result<Moment, DiffError> {
        let integration = || self.integration.clone();
        let syncs = &self.editions.syncs;
        let first = match id {
            None => syncs
                .iter()
                .position(|mark| mark.outcome.has_landed())
                .ok_or_else(|| DiffError::NeverSynced {
                    integration: integration(),
                })?,
            Some(id) => self.find(reference, id)?,
        };
        let landed_before = || syncs[first + 1..].iter().filter(|mark| mark.outcome.has_landed());
        let mark = match back.checked_sub(1) {
            None => syncs.get(first),
            Some(nth) => landed_before().nth(nth),
        };
        if let Some(mark) = mark {
            return self.after(reference, mark);
        }
        let count = landed_before().count() + 1;
        if !self.is_complete() {
            return Err(self.forgotten(reference));
        }
        if back > count {
            return Err(DiffError::TooFar {
                integration: integration(),
                reference: reference.to_owned(),
                count,
            });
        }
        Ok(Moment {
            sync: None,
            at: None,
            edition: 0,
        })
    }

    /// The moment before the given one, as far as syncs go.
    pub(super) fn before(&self, moment: Moment) -> Result<Moment, DiffError> {
        if let Some(sync) = moment.sync {
            let id = sync.to_string();
            return self.back_from(&format!("{id}~1"), Some(&id), 1);
        }
        let mut landed =
            self.editions.syncs.iter().filter(|mark| {
                mark.outcome.has_landed() && moment.at.is_some_and(|at| mark.started_at <= at)
            });
        match landed.next() {
            Some(mark) => self.after("the sync before", mark),
            None if self.is_complete() => Ok(Moment {
                sync: None,
                at: None,
                edition: 0,
            }),
            None => Err(self.forgotten("the sync before")),
        }
    }

    /// That time, at which there was the given edition.
    pub(super) fn at(&self, reference: &str, at: DateTime<Utc>, edition: i64) -> Result<Moment, DiffError> {
        if self.editions.kept_since.is_some_and(|since| at < since) {
            return Err(self.forgotten(reference));
        }
        Ok(Moment {
            sync: None,
            at: Some(at),
            edition,
        })
    }

    /// Whether nothing was ever forgotten.
    fn is_complete(&self) -> bool {
        self.editions.kept_from == 0 && self.editions.kept_since.is_none()
    }

    fn after(&self, reference: &str, mark: &SyncMark) -> Result<Moment, DiffError> {
        match mark.edition {
            Some(edition) if edition >= self.editions.kept_from => Ok(Moment {
                sync: Some(mark.id),
                at: Some(mark.started_at),
                edition,
            }),
            _ => Err(self.forgotten(reference)),
        }
    }

    fn find(&self, reference: &str, id: &str) -> Result<usize, DiffError> {
        let wanted = id.to_ascii_lowercase();
        let syncs = self.editions.syncs.iter().enumerate();
        let mut found = syncs.filter(|(_, mark)| mark.id.to_string().starts_with(&wanted));
        let first = found.next();
        match (first, found.count()) {
            (Some((place, _)), 0) => Ok(place),
            (Some(_), others) => Err(DiffError::SeveralSyncs {
                integration: self.integration.clone(),
                reference: reference.to_owned(),
                count: others + 1,
            }),
            (None, _) => Err(DiffError::UnknownSync {
                integration: self.integration.clone(),
                reference: reference.to_owned(),
            }),
        }
    }

    fn forgotten(&self, reference: &str) -> DiffError {
        DiffError::Forgotten {
            integration: self.integration.clone(),
            reference: reference.to_owned(),
            since: self.editions.kept_since,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_store::SyncOutcome;

    use super::*;

    #[rstest]
    #[case("latest", Some(Reference::Latest { back: 0 }))]
    #[case(" previous ", Some(Reference::Latest { back: 1 }))]
    #[case("~3", Some(Reference::Latest { back: 3 }))]
    #[case("~", Some(Reference::Latest { back: 1 }))]
    #[case("previous~2", Some(Reference::Latest { back: 3 }))]
    #[case("now", Some(Reference::Now))]
    #[case("0198b6f2", Some(Reference::Sync { id: "0198b6f2", back: 0 }))]
    #[case("0198B6F2-4c1d~1", Some(Reference::Sync { id: "0198B6F2-4c1d", back: 1 }))]
    #[case("", None)]
    #[case("now~1", None)]
    #[case("~-1", None)]
    #[case("~+1", None)]
    #[case("~99999999999999999999999", None)]
    #[case("previous~18446744073709551615", None)]
    #[case("019", None)]
    #[case("0198b6f24", None)]
    #[case("yesterday", None)]
    #[case("2026-13-01", None)]
    #[case("--help", None)]
    #[case("~💧", None)]
    #[case("💧~1", None)]
    #[case("2026-11-01T08:30:00+99:99", None)]
    #[case("-262145-01-01", None)]
    #[case("~~", None)]
    fn references_are_read(#[case] text: &str, #[case] expected: Option<Reference<'_>>) {
        assert_eq!(Reference::read(text), expected);
    }

    #[rstest]
    #[case("2026-11-01", "2026-11-01T00:00:00Z")]
    #[case("2026-11-01 08:30", "2026-11-01T08:30:00Z")]
    #[case("2026-11-01 08:30 UTC", "2026-11-01T08:30:00Z")]
    #[case("2026-11-01T08:30", "2026-11-01T08:30:00Z")]
    #[case("2026-11-01T08:30:15.25", "2026-11-01T08:30:15.25Z")]
    #[case("2026-11-01T08:30:00+01:00", "2026-11-01T07:30:00Z")]
    fn times_are_read(#[case] text: &str, #[case] expected: &str) {
        let expected: DateTime<Utc> = expected.parse().unwrap();
        assert_eq!(Reference::read(text), Some(Reference::Time(expected)));
    }

    fn mark(second: i64, outcome: SyncOutcome, edition: Option<i64>) -> SyncMark {
        let started_at = DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        SyncMark {
            id: SyncId::new(started_at),
            started_at,
            outcome,
            edition,
        }
    }

    #[test]
    fn failed_syncs_are_no_steps_back() {
        let editions = Editions {
            current: 4,
            kept_from: 0,
            kept_since: None,
            syncs: vec![
                mark(40, SyncOutcome::Failed, Some(3)),
                mark(30, SyncOutcome::Unchanged, Some(3)),
                mark(20, SyncOutcome::Failed, Some(2)),
                mark(10, SyncOutcome::Changed, Some(1)),
            ],
        };
        let name = IntegrationName::new("main");
        let finder = Finder {
            integration: &name,
            editions: &editions,
        };
        let back = |back| finder.back_from("~", None, back);
        assert_eq!(back(0).unwrap().sync, Some(editions.syncs[1].id));
        assert_eq!(back(1).unwrap().edition, 1);
        assert_eq!(back(2).unwrap().title(), "before the first sync");
        assert_eq!(back(3).unwrap_err().code(), "TW-DIFF-TOO-FAR");
        // A failed sync can be named: it left what there was.
        let failed = editions.syncs[0].id.to_string();
        assert_eq!(finder.back_from("x", Some(&failed), 0).unwrap().edition, 3);
        assert_eq!(finder.back_from("x", Some(&failed), 2).unwrap().edition, 1);
        let first = back(1).unwrap();
        assert_eq!(finder.before(first).unwrap().at, None);
        let time = finder.at("x", editions.syncs[2].started_at, 2).unwrap();
        assert_eq!(finder.before(time).unwrap().edition, 1);
    }

    #[test]
    fn what_was_forgotten_is_told_as_that() {
        let since = DateTime::from_timestamp(1_800_000_005, 0).unwrap();
        let editions = Editions {
            current: 4,
            kept_from: 2,
            kept_since: Some(since),
            syncs: vec![
                mark(30, SyncOutcome::Changed, Some(3)),
                mark(20, SyncOutcome::Changed, Some(1)),
                mark(10, SyncOutcome::Changed, None),
            ],
        };
        let name = IntegrationName::new("main");
        let finder = Finder {
            integration: &name,
            editions: &editions,
        };
        for back in 1..5 {
            let error = finder.back_from("~", None, back).unwrap_err();
            assert_eq!(error.code(), "TW-DIFF-FORGOTTEN", "{back}");
        }
        let early = since - chrono::TimeDelta::seconds(1);
        let error = finder.at("2027-01-15", early, 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "how the exposures of integration `main` were at `2027-01-15` is not known any more: changes are \
             kept from 2027-01-15 08:00 UTC on"
        );
        assert!(finder.at("x", since, 2).is_ok());
    }
}
