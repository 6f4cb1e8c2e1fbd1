//! Findings: what was looked at, how it is, and what mends it, for `doctor` and `integration test`.

use tailwater_engine::bi::{Check, CheckState};
use tailwater_engine::doctor::Finding;

use crate::document::Style;
use crate::table::{Cell, Table};

/// The findings below one another.
pub fn to_table<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Table {
    let mut table = Table::new(["", "", ""]).indent(2);
    for finding in findings {
        let (word, style) = match finding.state {
            CheckState::Ok => ("ok", Style::Good),
            CheckState::Warning => ("warning", Style::Warning),
            CheckState::Failed => ("failed", Style::Bad),
            CheckState::Skipped => ("skipped", Style::Faint),
        };
        let hint = finding.remedy.iter().map(|remedy| format!("hint: {remedy}"));
        let detail = std::iter::once(finding.detail.clone()).chain(hint);
        table.row([
            Cell::new(word).styled(style),
            Cell::new(&finding.name),
            Cell::lines(detail),
        ]);
    }
    table
}

/// A line of a connector's check.
pub fn from_check(check: &Check) -> Finding {
    Finding {
        name: check.name.to_owned(),
        state: check.state,
        detail: check.detail.clone(),
        remedy: check.remedy.clone(),
    }
}
