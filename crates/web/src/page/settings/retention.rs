//! `/settings/retention`: what is kept, for how long, and where that is said.

use maud::{Markup, html};
use tailwater_engine::account::{IDLE_DAYS, INVITE_HOURS, LONGEST_DAYS, SET_UP_HOURS};
use tailwater_engine::draft::DRAFT_DAYS;
use tailwater_engine::store::TOMBSTONE_DAYS;

use super::frame;
use crate::context::Context;

const HERE: &str = "/settings/retention";

/// `GET /settings/retention`
pub async fn get(context: Context) -> Markup {
    let artifacts = &context.app.workspace().settings().artifacts;
    let fixed = "fixed";
    let rows: [(&str, String, &str); 9] = [
        (
            "Runs of dbt and checks of freshness, of each environment",
            format!("the last {} of each", artifacts.keep_runs),
            "[artifacts] keep_runs",
        ),
        (
            "Artifacts that were handed over",
            "until newer ones replace them".to_owned(),
            fixed,
        ),
        (
            "Exposures that have gone",
            format!("{TOMBSTONE_DAYS} days"),
            fixed,
        ),
        ("Syncs", "until the integration is removed".to_owned(), fixed),
        (
            "What people said of exposures",
            "until they take it back, or the integration is removed".to_owned(),
            fixed,
        ),
        (
            "Integrations that were begun and not finished",
            format!("{DRAFT_DAYS} days"),
            fixed,
        ),
        (
            "Sessions",
            format!("{IDLE_DAYS} days without a visit, {LONGEST_DAYS} days at most"),
            fixed,
        ),
        (
            "One-time links",
            format!("{SET_UP_HOURS} hours to set up, {INVITE_HOURS} hours of an invitation; once"),
            fixed,
        ),
        ("Audit log", "for ever".to_owned(), fixed),
    ];
    frame(
        &context,
        HERE,
        &html! {
            div.scroll tabindex="0" role="region" aria-label="What is kept" { table.list {
                thead { tr { th scope="col" { "What" } th scope="col" { "Kept" } th scope="col" { "Set in" } } }
                tbody { @for (what, kept, place) in &rows { tr {
                    th scope="row" { (what) }
                    td { (kept) }
                    td { @if *place == fixed { span.muted { (place) } } @else { code { "tailwater.toml" } " " code { (place) } } }
                } } }
            } }
            p.muted { "What " code { "tailwater.toml" } " says is changed there, and counts from the next start. Artifacts lie in "
                code { (artifacts.dir) } "." }
        },
    )
}
