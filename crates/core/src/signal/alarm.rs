//! Alarms: what is wrong and was told. One look compares them with what is wrong now.
//!
//! ```text
//!              wrong, not told          another cause          wrong for long
//!   (nothing) ────────────────▶ open ◀────────────────┐ ◀──────────────────────┐
//!                 "raised"        │     "raised"      └── open ── "reminder" ──┘
//!                                 │ good for the settling time
//!                                 ▼
//!                               ended "recovered"
//! ```
//!
//! What is good again counts as recovered only after it has been good for the settling time, so that what flaps is
//! one alarm with one notice at each end.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::condition::{About, Cause, Condition, Subject, SubjectId};
use super::kind::{Severity, SignalKind};
use super::notice::{Notice, NoticeState};

/// The id of an alarm: a version 7 UUID as text, so that ids sort by age.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(String);

impl AlarmId {
    /// Wraps the text as it came.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text inside.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlarmId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Something that is wrong, since it was first seen until it has recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its id.
    pub id: AlarmId,
    /// What is wrong.
    pub kind: SignalKind,
    /// How much it matters; the most so far.
    pub severity: Severity,
    /// With what.
    pub subject: Subject,
    /// Why, by key; those that were told and have not been gone for the settling time.
    pub causes: BTreeMap<String, AlarmCause>,
    /// What rules choose by, as it was last.
    pub about: About,
    /// When it was first seen.
    pub opened_at: DateTime<Utc>,
    /// When people were last told of it.
    pub notified_at: DateTime<Utc>,
    /// How often it was told again.
    #[serde(default)]
    pub reminders: u32,
    /// Since when it looks good again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_since: Option<DateTime<Utc>>,
    /// When it was taken for recovered, or its subject was gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// A cause of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCause {
    /// What is known of it.
    #[serde(flatten)]
    pub cause: Cause,
    /// Since when it is missing, while the alarm goes on for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<DateTime<Utc>>,
}

/// How a subject stands that no condition speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is known to be good.
    Good,
    /// Nothing is known of it now, for instance because a file cannot be read.
    Unknown,
    /// There is no such thing any more.
    Gone,
}

/// How often people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// After what time people are told again of what is still wrong; never without it.
    pub remind_after: Option<TimeDelta>,
    /// How long a subject must be good before it counts as recovered.
    pub settle: TimeDelta,
}

/// What came of a look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Alarms that are new or have changed, ended ones included.
    pub alarms: Vec<Alarm>,
    /// What is to be told, in the order of conditions, then what has recovered.
    pub notices: Vec<Notice>,
    /// When something may change although nothing happens: a settling time or a reminder.
    pub look_again_at: Option<DateTime<Utc>>,
}

impl Judged {
    fn again(&mut self, at: Option<DateTime<Utc>>) {
        self.look_again_at = match (self.look_again_at, at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Compares the open alarms with what is wrong now. Of two conditions of one kind and subject the causes are
/// joined. `standing` tells how a subject stands of which no condition speaks.
pub fn judge(
    open: Vec<Alarm>,
    conditions: Vec<Condition>,
    standing: impl Fn(SignalKind, &SubjectId) -> Standing,
    manners: Manners,
    now: DateTime<Utc>,
    mut new_id: impl FnMut() -> AlarmId,
) -> Judged {
    let mut judged = Judged::default();
    let mut by_subject: HashMap<(SignalKind, SubjectId), Alarm> = open
        .into_iter()
        .map(|alarm| ((alarm.kind, alarm.subject.id.clone()), alarm))
        .collect();
    for condition in joined(conditions) {
        let key = (condition.kind, condition.subject.id.clone());
        match by_subject.remove(&key) {
            None => {
                let alarm = raise(condition, new_id(), now);
                let new: Vec<&String> = alarm.causes.keys().collect();
                judged
                    .notices
                    .push(notice(&alarm, NoticeState::Raised, &new, now));
                judged.again(
                    manners
                        .remind_after
                        .and_then(|after| now.checked_add_signed(after)),
                );
                judged.alarms.push(alarm);
            }
            Some(alarm) => go_on(&mut judged, alarm, condition, manners, now),
        }
    }
    let mut rest: Vec<Alarm> = by_subject.into_values().collect();
    rest.sort_by(|left, right| left.id.cmp(&right.id));
    for alarm in rest {
        match standing(alarm.kind, &alarm.subject.id) {
            Standing::Unknown => judged.again(None),
            Standing::Gone => judged.alarms.push(Alarm {
                ended_at: Some(now),
                ..alarm
            }),
            Standing::Good => settle(&mut judged, alarm, manners, now),
        }
    }
    judged
}

fn joined(conditions: Vec<Condition>) -> Vec<Condition> {
    let mut joined: Vec<Condition> = Vec::with_capacity(conditions.len());
    let mut at: HashMap<(SignalKind, SubjectId), usize> = HashMap::new();
    for condition in conditions {
        let key = (condition.kind, condition.subject.id.clone());
        if let Some(&held) = at.get(&key) {
            let held: &mut Condition = &mut joined[held];
            held.severity = held.severity.max(condition.severity);
            held.causes.extend(condition.causes);
        } else {
            at.insert(key, joined.len());
            joined.push(condition);
        }
    }
    joined
}

fn raise(condition: Condition, id: AlarmId, now: DateTime<Utc>) -> Alarm {
    let seen = |(key, cause)| {
        let gone_since = None;
        (key, AlarmCause { cause, gone_since })
    };
    Alarm {
        id,
        kind: condition.kind,
        severity: condition.severity,
        subject: condition.subject,
        causes: condition.causes.into_iter().map(seen).collect(),
        about: condition.about,
        opened_at: now,
        notified_at: now,
        reminders: 0,
        good_since: None,
        ended_at: None,
    }
}

/// It is still wrong: told again when there is another cause, or when it was long ago.
fn go_on(judged: &mut Judged, alarm: Alarm, condition: Condition, manners: Manners, now: DateTime<Utc>) {
    let before = alarm.clone();
    let mut alarm = alarm;
    alarm.good_since = None;
    let is_worse = condition.severity > alarm.severity;
    alarm.severity = alarm.severity.max(condition.severity);
    alarm.subject = condition.subject;
    alarm.about = condition.about;
    // A cause that has been gone for the settling time is news when it comes back.
    for (key, held) in &mut alarm.causes {
        if !condition.causes.contains_key(key) && held.gone_since.is_none() {
            held.gone_since = Some(now);
        }
    }
    alarm
        .causes
        .retain(|_, held| held.gone_since.is_none_or(|since| now - since < manners.settle));
    let mut new: Vec<String> = Vec::new();
    for (key, cause) in condition.causes {
        let held = AlarmCause {
            cause,
            gone_since: None,
        };
        if alarm.causes.insert(key.clone(), held).is_none() {
            new.push(key);
        }
    }
    let due = manners
        .remind_after
        .and_then(|after| alarm.notified_at.checked_add_signed(after));
    if !new.is_empty() || is_worse {
        alarm.notified_at = now;
        let new: Vec<&String> = if new.is_empty() {
            alarm.causes.keys().collect()
        } else {
            new.iter().collect()
        };
        judged
            .notices
            .push(notice(&alarm, NoticeState::Raised, &new, now));
    } else if due.is_some_and(|due| due <= now) {
        alarm.notified_at = now;
        alarm.reminders += 1;
        let all: Vec<&String> = alarm.causes.keys().collect();
        judged
            .notices
            .push(notice(&alarm, NoticeState::Reminder, &all, now));
    }
    judged.again(
        manners
            .remind_after
            .and_then(|after| alarm.notified_at.checked_add_signed(after)),
    );
    if alarm != before {
        judged.alarms.push(alarm);
    }
}

/// It looks good: recovered after the settling time.
fn settle(judged: &mut Judged, alarm: Alarm, manners: Manners, now: DateTime<Utc>) {
    let since = alarm.good_since.unwrap_or(now);
    let settled_at = since.checked_add_signed(manners.settle).unwrap_or(now);
    if settled_at <= now {
        let alarm = Alarm {
            good_since: Some(since),
            ended_at: Some(now),
            ..alarm
        };
        let all: Vec<&String> = alarm.causes.keys().collect();
        judged
            .notices
            .push(notice(&alarm, NoticeState::Recovered, &all, now));
        judged.alarms.push(alarm);
        return;
    }
    judged.again(Some(settled_at));
    if alarm.good_since.is_none() {
        judged.alarms.push(Alarm {
            good_since: Some(since),
            ..alarm
        });
    }
}

fn notice(alarm: &Alarm, state: NoticeState, causes: &[&String], now: DateTime<Utc>) -> Notice {
    let causes = causes
        .iter()
        .filter_map(|key| Some(((*key).clone(), alarm.causes.get(*key)?.cause.clone())));
    Notice {
        alarm: alarm.id.clone(),
        state,
        event: alarm.kind,
        severity: alarm.severity,
        subject: alarm.subject.clone(),
        causes: causes.collect(),
        about: alarm.about.clone(),
        since: alarm.opened_at,
        at: now,
        reminder: alarm.reminders,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::signal::SubjectKind;

    const MANNERS: Manners = Manners {
        remind_after: Some(TimeDelta::hours(24)),
        settle: TimeDelta::minutes(10),
    };

    fn at(minute: i64) -> DateTime<Utc> {
        let start: DateTime<Utc> = "2026-01-10T06:00:00Z".parse().unwrap();
        start + TimeDelta::minutes(minute)
    }

    fn wrong(subject: &str, causes: &[&str]) -> Condition {
        let cause = |key: &&str| {
            let cause = Cause {
                at: None,
                sentence: format!("{key} failed"),
                hint: None,
            };
            ((*key).to_owned(), cause)
        };
        Condition {
            kind: SignalKind::ExposureDegraded,
            severity: Severity::Error,
            subject: Subject {
                id: SubjectId::new(SubjectKind::Exposure, subject),
                name: subject.to_owned(),
                page: None,
            },
            causes: causes.iter().map(cause).collect(),
            about: About::default(),
        }
    }

    /// A deployment whose alarms are stored between looks, as over any number of restarts.
    #[derive(Default)]
    struct Deployment {
        stored: BTreeMap<AlarmId, Alarm>,
        drawn: usize,
        standing: Option<Standing>,
    }

    impl Deployment {
        /// Looks and answers what was told: state, subject, causes.
        fn look(&mut self, minute: i64, conditions: Vec<Condition>) -> Vec<String> {
            let open: Vec<Alarm> = self
                .stored
                .values()
                .filter(|alarm| alarm.ended_at.is_none())
                // Out of the store and back.
                .map(|alarm| serde_json::from_str(&serde_json::to_string(alarm).unwrap()).unwrap())
                .collect();
            let standing = self.standing.unwrap_or(Standing::Good);
            let drawn = &mut self.drawn;
            let judged = judge(
                open,
                conditions,
                |_, _| standing,
                MANNERS,
                at(minute),
                || {
                    *drawn += 1;
                    AlarmId::new(format!("{drawn:04}"))
                },
            );
            for alarm in judged.alarms {
                self.stored.insert(alarm.id.clone(), alarm);
            }
            let told = judged.notices.iter().map(|notice| {
                let causes: Vec<&str> = notice.causes.keys().map(String::as_str).collect();
                format!(
                    "{} {} {}",
                    notice.state.name(),
                    notice.subject.name,
                    causes.join("+")
                )
            });
            told.collect()
        }
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn one_notice_until_it_recovers_or_a_reminder_is_due() {
        let mut deployment = Deployment::default();
        let wrong = || vec![wrong("sales", &["build"])];
        assert_eq!(deployment.look(0, wrong()), ["raised sales build"]);
        assert_eq!(deployment.look(1, wrong()), NOTHING);
        assert_eq!(deployment.look(24 * 60 - 1, wrong()), NOTHING);
        assert_eq!(deployment.look(24 * 60, wrong()), ["reminder sales build"]);
        assert_eq!(deployment.look(24 * 60 + 1, wrong()), NOTHING);
        assert_eq!(deployment.look(1500, vec![]), NOTHING, "not settled");
        assert_eq!(deployment.look(1510, vec![]), ["recovered sales build"]);
        assert_eq!(deployment.look(1600, vec![]), NOTHING);
        assert_eq!(deployment.look(1700, wrong()), ["raised sales build"]);
        assert_eq!(deployment.stored.len(), 2);
    }

    #[test]
    fn what_flaps_is_one_alarm() {
        let mut deployment = Deployment::default();
        let mut told = deployment.look(0, vec![wrong("sales", &["build"])]);
        for minute in 1..60 {
            let conditions = if minute % 5 == 0 {
                vec![wrong("sales", &["build"])]
            } else {
                vec![]
            };
            told.extend(deployment.look(minute, conditions));
        }
        assert_eq!(told, ["raised sales build"]);
        assert_eq!(deployment.look(60, vec![]), NOTHING);
        assert_eq!(deployment.look(66, vec![]), ["recovered sales build"]);
    }

    #[test]
    fn another_cause_is_told_and_one_that_comes_back_soon_is_not() {
        let mut deployment = Deployment::default();
        let both = || vec![wrong("sales", &["build", "test"])];
        let one = || vec![wrong("sales", &["build"])];
        assert_eq!(deployment.look(0, one()), ["raised sales build"]);
        assert_eq!(deployment.look(1, both()), ["raised sales test"]);
        assert_eq!(deployment.look(2, one()), NOTHING);
        assert_eq!(deployment.look(3, both()), NOTHING, "it was gone for a minute");
        assert_eq!(deployment.look(4, one()), NOTHING);
        assert_eq!(deployment.look(30, one()), NOTHING);
        assert_eq!(deployment.look(31, both()), ["raised sales test"]);
        deployment.look(40, vec![]);
        assert_eq!(deployment.look(50, vec![]), ["recovered sales build+test"]);
    }

    #[test]
    fn causes_of_one_subject_are_one_notice_and_subjects_are_told_apart() {
        let mut deployment = Deployment::default();
        let conditions = vec![
            wrong("sales", &["build"]),
            wrong("stock", &["build"]),
            wrong("sales", &["test"]),
        ];
        assert_eq!(
            deployment.look(0, conditions),
            ["raised sales build+test", "raised stock build"]
        );
    }

    #[rstest]
    #[case(Standing::Unknown, true)]
    #[case(Standing::Gone, false)]
    fn what_is_not_known_has_not_recovered(#[case] standing: Standing, #[case] stays_open: bool) {
        let mut deployment = Deployment::default();
        deployment.look(0, vec![wrong("sales", &["build"])]);
        deployment.standing = Some(standing);
        assert_eq!(deployment.look(60, vec![]), NOTHING);
        assert_eq!(deployment.look(120, vec![]), NOTHING);
        let alarm = deployment.stored.values().next().unwrap();
        assert_eq!(alarm.ended_at.is_none(), stays_open);
    }

    #[test]
    fn the_next_moment_is_the_earliest() {
        let look = |open: Vec<Alarm>, conditions, minute| {
            judge(
                open,
                conditions,
                |_, _| Standing::Good,
                MANNERS,
                at(minute),
                || AlarmId::new("1"),
            )
        };
        let first = look(vec![], vec![wrong("sales", &["build"])], 0);
        assert_eq!(first.look_again_at, Some(at(24 * 60)));
        let second = look(first.alarms, vec![], 5);
        assert_eq!(second.look_again_at, Some(at(15)));
    }
}
