//! What real dbt selects on the demo project, and what Tailwater selects: the same.
//!
//! `demo/dbt/oracle/expected.json` was recorded from `dbt ls`; its README says how.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::ProjectName;
use tailwater_core::selector::{self, SelectorError, Universe};
use tailwater_dbt::{Artifacts, load_target};

/// Selectors that compare contents, which Tailwater does not hold and says so.
const COMPARISONS: [&str; 5] = [
    "state:modified",
    "state:modified+",
    "state:unmodified",
    "state:unmodified,tag:finance",
    "state:modified.body",
];

#[derive(Debug, Deserialize)]
struct Case {
    select: Option<String>,
    exclude: Option<String>,
    needs: Option<String>,
    unique_ids: Option<Vec<String>>,
    error: Option<String>,
}

fn demo() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/dbt")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read(demo().join("oracle/expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn select(case: &Case, universe: &Universe<'_>) -> Result<BTreeSet<String>, SelectorError> {
    let include = selector::parse(case.select.as_deref().unwrap_or_default())?;
    let exclude = case.exclude.as_deref().map(selector::parse).transpose()?;
    let selected = selector::select(&include, exclude.as_ref(), universe)?;
    Ok(selected.into_iter().map(|id| id.to_string()).collect())
}

#[test]
fn selectors_select_what_dbt_selects() {
    let artifacts = load_target(&demo(), ProjectName::new("demo")).unwrap();
    let Artifacts {
        project,
        run_results,
        sources,
        ..
    } = &artifacts;
    let without_state = Universe::new([project], []);
    let with_state = without_state
        .clone()
        .with_previous(project)
        .with_run_results(run_results.as_ref().unwrap())
        .with_freshness(sources.as_ref().unwrap(), sources.as_ref().unwrap());
    let mut compared = 0;
    let mut differences = Vec::new();
    for case in cases() {
        let needs_state = case.needs.as_deref() == Some("state");
        let universe = if needs_state { &with_state } else { &without_state };
        let answer = select(&case, universe);
        if needs_state && COMPARISONS.contains(&case.select.as_deref().unwrap_or_default()) {
            assert_eq!(answer.unwrap_err().code(), "TW-SELECTOR-STATE");
            continue;
        }
        compared += 1;
        let words = format!("--select {:?} --exclude {:?}", case.select, case.exclude);
        match (answer, &case.unique_ids) {
            (Ok(selected), Some(expected)) => {
                let expected: BTreeSet<String> = expected.iter().cloned().collect();
                if selected != expected {
                    let too_many: Vec<_> = selected.difference(&expected).collect();
                    let missing: Vec<_> = expected.difference(&selected).collect();
                    differences.push(format!(
                        "{words}\n  too many: {too_many:?}\n  missing: {missing:?}"
                    ));
                }
            }
            (Err(_), None) => {}
            (Ok(selected), None) => differences.push(format!(
                "{words}\n  dbt refuses it ({:?}), here it selects {}",
                case.error,
                selected.len()
            )),
            (Err(error), Some(expected)) => differences.push(format!(
                "{words}\n  dbt selects {}, here: {error}",
                expected.len()
            )),
        }
    }
    assert!(compared >= 60, "only {compared} cases");
    assert!(
        differences.is_empty(),
        "{} of {compared} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}
