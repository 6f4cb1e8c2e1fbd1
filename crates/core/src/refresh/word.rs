//! The words for decisions and for what came of them: the same in a job's log, on pages and in answers.

use chrono::{DateTime, TimeDelta, Utc};

use super::decision::{Hold, Skip, Verdict};
use super::record::{RefreshOutcome, RefreshRecord};
use crate::id::NodeId;

/// What was decided, in a few words without a full stop: `refresh`, `waiting for fct_orders`,
/// `skipped (refreshed 3 h ago, interval 24 h)`, `held (test not_null_orders_id failed)`.
pub fn verdict_words(verdict: &Verdict, now: DateTime<Utc>) -> String {
    match verdict {
        Verdict::Refresh { not_before: None, .. } => "refresh".to_owned(),
        Verdict::Refresh {
            not_before: Some(at), ..
        } => format!("refresh after {} (quiet hours)", at.format("%Y-%m-%d %H:%M UTC")),
        Verdict::Wait { on } => match &on[..] {
            [] => "waiting for the build".to_owned(),
            on => format!("waiting for {}", list(on.iter().map(node_words))),
        },
        Verdict::Skip { reason } => format!("skipped ({})", skip_words(reason, now)),
        Verdict::Hold { reasons } => format!("held ({})", list(reasons.iter().map(hold_words))),
    }
}

/// How a refresh stands, in a few words: `refreshed`, `failed (…the tool's own words…)`, or what was decided when
/// it was not asked for. With the tool's words in it, it is untrusted.
pub fn outcome_words(record: &RefreshRecord, now: DateTime<Utc>) -> String {
    let said = |word: &str| {
        let message = record.message.as_deref().map(str::trim);
        match message.filter(|message| !message.is_empty()) {
            Some(message) => format!("{word} ({message})"),
            None => word.to_owned(),
        }
    };
    match record.outcome {
        RefreshOutcome::Queued => match &record.verdict {
            Verdict::Refresh {
                not_before: Some(at), ..
            } if *at > now => format!("queued until {} (quiet hours)", at.format("%Y-%m-%d %H:%M UTC")),
            _ => said("queued"),
        },
        RefreshOutcome::Sending => "being sent".to_owned(),
        RefreshOutcome::Running => "running".to_owned(),
        RefreshOutcome::Succeeded => "refreshed".to_owned(),
        RefreshOutcome::Failed => said("failed"),
        RefreshOutcome::Cancelled => said("cancelled"),
        RefreshOutcome::TimedOut => said("timed out"),
        RefreshOutcome::Skipped | RefreshOutcome::Held => match &record.verdict {
            verdict @ (Verdict::Skip { .. } | Verdict::Hold { .. }) => {
                verdict_words(verdict, record.asked_at)
            }
            // It was to be refreshed, and something came between: the record says what.
            _ => said(record.outcome.name()),
        },
    }
}

/// Why there is nothing to do, in a few words.
pub fn skip_words(reason: &Skip, now: DateTime<Utc>) -> String {
    match reason {
        Skip::Disabled => "refreshing is off".to_owned(),
        Skip::NotRebuilt => "nothing it stands on was rebuilt".to_owned(),
        Skip::WithinInterval {
            refreshed_at,
            interval_minutes,
        } => format!(
            "refreshed {} ago, interval {}",
            span_words(now.signed_duration_since(refreshed_at)),
            span_words(TimeDelta::minutes(i64::from(*interval_minutes)))
        ),
        Skip::Live => "live connection".to_owned(),
        Skip::NotRefreshable { because } => format!("not refreshable: {because}"),
        Skip::SourcesOnly => "it stands on sources alone, and nothing new is known of them".to_owned(),
        Skip::NoUpstream => "no dbt node is known that it stands on".to_owned(),
        Skip::UnderWay => "a refresh is already on its way".to_owned(),
    }
}

/// Why a refresh is held, in a few words.
pub fn hold_words(reason: &Hold) -> String {
    match reason {
        Hold::TestFailed { test, .. } => format!("test {} failed", node_words(test)),
        Hold::BuildFailed { node } => format!("{} failed", node_words(node)),
        Hold::Skipped { node } => format!("{} was skipped", node_words(node)),
        Hold::PartlyBuilt { node } => format!("{} was built only in part", node_words(node)),
    }
}

/// A span in the largest unit in which it says enough: `45 s`, `90 min`, `3 h`, `5 days`. Cut off, not rounded;
/// never below zero.
pub fn span_words(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let is_even = seconds % 3_600 == 0;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 if !is_even => format!("{} min", seconds / 60),
        120..259_200 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A node's name for people, out of its id: `fct_orders`, `raw.orders`, `dim.v2`, of a test without the hash.
fn node_words(id: &NodeId) -> String {
    let text = id.as_str();
    let mut parts = text.splitn(3, '.');
    let (Some(kind), Some(_), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return text.to_owned();
    };
    let is_hash = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = match name.rsplit_once('.') {
        Some((name, hash)) if kind == "test" && is_hash(hash) => name,
        _ => name,
    };
    name.to_owned()
}

/// `a, b and 3 more`.
fn list(words: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let more = words.len().saturating_sub(SHOWN);
    let shown: Vec<String> = words.take(SHOWN).collect();
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-04T09:00:00Z".parse().unwrap()
    }

    fn ids(ids: &[&str]) -> Vec<NodeId> {
        ids.iter().map(|&id| id.into()).collect()
    }

    #[rstest]
    #[case(30, "30 s")]
    #[case(-5, "0 s")]
    #[case(60 * 45, "45 min")]
    #[case(60 * 60, "1 h")]
    #[case(60 * 90, "90 min")]
    #[case(3_600 * 3 + 1_700, "3 h")]
    #[case(3_600 * 24, "24 h")]
    #[case(86_400 * 7, "7 days")]
    fn spans(#[case] seconds: i64, #[case] words: &str) {
        assert_eq!(span_words(TimeDelta::seconds(seconds)), words);
    }

    #[test]
    fn decisions_in_words() {
        let skipped = Verdict::Skip {
            reason: Skip::WithinInterval {
                refreshed_at: "2026-03-04T05:58:00Z".parse().unwrap(),
                interval_minutes: 1440,
            },
        };
        assert_eq!(
            verdict_words(&skipped, now()),
            "skipped (refreshed 3 h ago, interval 24 h)"
        );
        let test = |name: &str| Hold::TestFailed {
            test: name.into(),
            node: "model.shop.orders".into(),
        };
        let held = Verdict::Hold {
            reasons: vec![test("test.shop.not_null_orders_id.cf6c17daed")],
        };
        assert_eq!(
            verdict_words(&held, now()),
            "held (test not_null_orders_id failed)"
        );
        let held = Verdict::Hold {
            reasons: vec![
                test("test.shop.a"),
                test("test.shop.b"),
                test("test.shop.c"),
                test("test.shop.d"),
                Hold::Skipped {
                    node: "source.shop.raw.orders".into(),
                },
            ],
        };
        assert_eq!(
            verdict_words(&held, now()),
            "held (test a failed, test b failed, test c failed and 2 more)"
        );
        let waiting = Verdict::Wait {
            on: ids(&["model.shop.dim.v2", "odd"]),
        };
        assert_eq!(verdict_words(&waiting, now()), "waiting for dim.v2, odd");
    }
}
