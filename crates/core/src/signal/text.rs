//! What a notice says, as plain text. Every name in it is untrusted: whoever puts it into a format escapes it.

use super::condition::SubjectKind;
use super::kind::SignalKind;
use super::notice::{Notice, NoticeState};

/// The longest name in a text, in characters.
const LONGEST_NAME: usize = 120;

/// The longest sentence in a text, in characters: a tool's own words may be pages of stack traces.
const LONGEST_SENTENCE: usize = 400;

/// So many exposures are named; the rest are counted.
const MOST_NAMED: usize = 5;

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One line, such as `Degraded: Weekly sales`.
    pub headline: String,
    /// Sentences below it, one a line.
    pub lines: Vec<String>,
    /// The subject's page, below the catalog's address.
    pub page: Option<String>,
}

impl Text {
    /// Puts a notice into words.
    pub fn of(notice: &Notice) -> Self {
        let name = one_line(&notice.subject.name, LONGEST_NAME);
        let headline = match notice.state {
            NoticeState::Raised => format!("{}: {name}", notice.event.title()),
            NoticeState::Reminder => format!("Reminder, {}: {name}", notice.event.title().to_lowercase()),
            NoticeState::Recovered => format!("Recovered: {name} {}", recovered(notice.event)),
        };
        let mut lines = Vec::new();
        let is_over = notice.state == NoticeState::Recovered;
        for cause in notice.causes.values() {
            let sentence = one_line(&cause.sentence, LONGEST_SENTENCE);
            if !sentence.is_empty() {
                lines.push(if is_over {
                    format!("It was: {sentence}")
                } else {
                    sentence
                });
            }
            if let Some(hint) = cause.hint.as_ref().filter(|_| !is_over) {
                lines.push(format!("What to do: {}", one_line(hint, LONGEST_SENTENCE)));
            }
        }
        lines.extend(affected(notice));
        if notice.state != NoticeState::Raised {
            let since = notice.since.format("%Y-%m-%d %H:%M UTC");
            lines.push(format!("It began at {since}"));
        }
        Self {
            headline,
            lines,
            page: notice.subject.page.clone(),
        }
    }
}

const fn recovered(event: SignalKind) -> &'static str {
    match event {
        SignalKind::RefreshFailed => "refreshes again",
        SignalKind::ExposureDegraded => "stands on good data again",
        SignalKind::DeadlineMissed => "is fresh again",
        SignalKind::TestFailed => "passes again",
        SignalKind::JobFailed => "succeeds again",
    }
}

/// The dashboards, where the subject is not the only one.
fn affected(notice: &Notice) -> Option<String> {
    let exposures = &notice.about.exposures;
    let is_itself = notice.subject.id.kind == SubjectKind::Exposure;
    if exposures.is_empty() || is_itself {
        return None;
    }
    let names: Vec<String> = exposures
        .iter()
        .take(MOST_NAMED)
        .map(|exposure| one_line(&exposure.label, LONGEST_NAME))
        .collect();
    let more = exposures.len() - names.len() + notice.about.more_exposures;
    Some(match more {
        0 => format!("It feeds {}", names.join(", ")),
        1 => format!("It feeds {} and 1 more", names.join(", ")),
        _ => format!("It feeds {} and {more} more", names.join(", ")),
    })
}

/// Untrusted text as one line of at most so many characters: control characters and those that turn the direction
/// of writing become blanks, so that no name can end a line, begin a header, or show other text than it holds.
pub fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::with_capacity(text.len().min(4 * longest));
    let mut count = 0;
    let mut was_blank = true;
    for letter in text.chars() {
        let is_blank = letter.is_whitespace() || letter.is_control() || turns(letter);
        if is_blank && was_blank {
            continue;
        }
        if count == longest {
            line.push('…');
            return line;
        }
        was_blank = is_blank;
        line.push(if is_blank { ' ' } else { letter });
        count += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

const fn turns(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::signal::{About, Affected, AlarmId, Cause, Severity, Subject, SubjectId};

    fn notice(state: NoticeState) -> Notice {
        let cause = Cause {
            at: None,
            sentence: "[driver] Login failed\r\nfor user".to_owned(),
            hint: Some("ask the administrator".to_owned()),
        };
        let affected = |number: usize| Affected {
            unique_id: format!("exposure.shop.e{number}").into(),
            label: format!("Dashboard {number}"),
            url: None,
            owner_name: None,
            owner_email: None,
        };
        Notice {
            alarm: AlarmId::new("1"),
            state,
            event: SignalKind::RefreshFailed,
            severity: Severity::Error,
            subject: Subject {
                id: SubjectId::new(SubjectKind::Target, "main/workbook/w1"),
                name: "Orders".to_owned(),
                page: Some("refreshes".to_owned()),
            },
            causes: BTreeMap::from([("failed".to_owned(), cause)]),
            about: About {
                exposures: (0..7).map(affected).collect(),
                more_exposures: 3,
                ..About::default()
            },
            since: "2026-01-10T06:10:00Z".parse().unwrap(),
            at: "2026-01-10T09:00:00Z".parse().unwrap(),
            reminder: 0,
        }
    }

    #[test]
    fn a_notice_says_what_why_and_whom_it_touches() {
        let text = Text::of(&notice(NoticeState::Raised));
        assert_eq!(text.headline, "Refresh failed: Orders");
        assert_eq!(
            text.lines,
            [
                "[driver] Login failed for user",
                "What to do: ask the administrator",
                "It feeds Dashboard 0, Dashboard 1, Dashboard 2, Dashboard 3, Dashboard 4 and 5 more",
            ]
        );
        let text = Text::of(&notice(NoticeState::Recovered));
        assert_eq!(text.headline, "Recovered: Orders refreshes again");
        assert_eq!(text.lines[0], "It was: [driver] Login failed for user");
        assert_eq!(text.lines.last().unwrap(), "It began at 2026-01-10 06:10 UTC");
        let text = Text::of(&notice(NoticeState::Reminder));
        assert_eq!(text.headline, "Reminder, refresh failed: Orders");
    }

    #[rstest]
    #[case("a\r\nBcc: x@y", 50, "a Bcc: x@y")]
    #[case("  a \u{202e} b  ", 50, "a b")]
    #[case("abcdef", 3, "abc…")]
    #[case("\0\u{7}", 3, "")]
    fn a_line_is_one_line(#[case] text: &str, #[case] longest: usize, #[case] expected: &str) {
        assert_eq!(one_line(text, longest), expected);
    }

    proptest! {
        #[test]
        fn no_text_ends_a_line(text in any::<String>(), longest in 1_usize..40) {
            let line = one_line(&text, longest);
            prop_assert!(!line.chars().any(|letter| letter.is_control() || turns(letter)));
            prop_assert!(line.chars().count() <= longest + 1);
        }
    }
}
