//! What dbt said in a run: its end on the run's page, streamed while it runs; the whole as text.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::job::JobRun;
use tailwater_engine::job::MOST_LOG_BYTES;

use super::show::find;
use crate::context::Context;
use crate::error::Error;
use crate::view::job_run;
use crate::view::number::bytes;

/// The page shows so many bytes of the end.
const SHOWN: u64 = 64 << 10;
/// How often it is fetched again while the run is under way, in milliseconds.
const PAUSE: &str = "1000";

/// `GET /runs/{id}/log`: the whole as text; a fragment is the card of the page.
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let run = find(&context, &id).await?;
    if context.is_fragment {
        return Ok(card(&context, &run).await?.into_response());
    }
    let log = context
        .app
        .workspace()
        .job_run_log(&run.id, 0, MOST_LOG_BYTES)
        .await?;
    let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, log.bytes).into_response())
}

/// The end of the log. The newest line stands at the lower edge, and stays there while lines are added.
pub(super) async fn card(context: &Context, run: &JobRun) -> Result<Markup, Error> {
    let from = run.log_bytes.saturating_sub(SHOWN);
    // While it runs the log is longer than the row of the run says.
    let log = context
        .app
        .workspace()
        .job_run_log(&run.id, from, 4 * SHOWN)
        .await?;
    let (size, text) = (log.next(), String::from_utf8_lossy(&log.bytes));
    // A log that begins in the middle begins with half a line.
    let text = if from > 0 {
        text.split_once('\n').map_or("", |(_, rest)| rest)
    } else {
        text.as_ref()
    };
    let text = without_colours(text);
    let address = job_run::address(context, run).then("/log");
    Ok(html! {
        section.card #log data-poll=[(!run.state.is_over()).then_some(PAUSE)] data-fragment-url=(address) {
            div.row.spread {
                h2 { "Log" }
                @if size > 0 { a href=(address) { "The whole log, " (bytes(size)) } }
            }
            @if text.is_empty() { p.muted { @if run.state.is_over() { "dbt said nothing." } @else { "Nothing yet." } } }
            @else { div.log-end tabindex="0" role="region" aria-label="The end of the log" { pre { (text) } } }
        }
    })
}

/// A text without the signs by which a terminal changes its colours.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut pieces = text.split("\u{1b}[");
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let rest = piece.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == ';');
        plain.push_str(rest.strip_prefix('m').unwrap_or(rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out_and_the_rest_stays() {
        assert_eq!(without_colours("\u{1b}[31mERROR\u{1b}[0m 1[2m"), "ERROR 1[2m");
        assert_eq!(without_colours("plain"), "plain");
    }
}
