//! `/integrations/{name}`: how the connection is, what it did lately, what comes next, and what can be done with it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tailwater_core::credential::CredentialName;
use tailwater_engine::account::Role;
use tailwater_engine::bi::CheckState;
use tailwater_engine::connection::TokenState;
use tailwater_engine::integration::Integration;
use tailwater_engine::runtime::{LiveCheck, Subject};
use tailwater_engine::schedule::Schedule;
use tailwater_engine::secret::SecretPlace;
use tailwater_engine::settings::{DeclaredIn, ScheduleSettings};
use tailwater_engine::store::SyncRecord;

use super::posted::Posted;
use super::{find, history, page, read_only_note, see, sync, tabs};
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::form;
use crate::view::name::name;
use crate::view::number::{counted, grouped};
use crate::view::time::{ago, exact};

/// What is shown is old when the last sync that landed is older than this, in hours.
const STALE_HOURS: i64 = 26;

/// `GET /integrations/{name}`
pub async fn get(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    show(&context, &wanted, None).await
}

async fn show(context: &Context, wanted: &str, refused: Option<&RefusedSchedule>) -> Result<Response, Error> {
    let integration = find(context, wanted).await?;
    let workspace = context.app.workspace();
    let syncs = workspace.integration_state(&integration.name, 30).await?.syncs;
    let schedule = workspace.schedule(&integration).await?;
    let next = workspace.next_sync(&integration).await?;
    let token = workspace.token_state(&integration.name).await?;
    let running = context.app.runtime().running(&integration.name);
    let check = context.app.runtime().check_state(&subject(&integration));
    let catalog = context.catalog()?;
    let footing = catalog.footing(Some(integration.name.as_str()));
    let body = html! {
        (tabs(context, &integration, ""))
        @if let Some(running) = &running {
            (chrome::notice("info", &html! { p { "A sync runs now. " a href=(sync::address(context, &integration.name, running.id)) { "Watch it" } } }))
        }
        @for warning in warnings(context, &integration, &syncs, &token) { (warning) }
        ul.tiles {
            li { span.figure { (grouped(footing.exposures as u64)) } "exposures" }
            li { span.figure { (grouped(footing.linked as u64)) } "stand on dbt" }
            li { span.figure { (grouped(footing.models as u64)) } "models below them" }
            li { @let unlinked = syncs.first().map_or(0, |sync| sync.counts.tables_unlinked);
                span.figure { (grouped(unlinked as u64)) } a href=(context.links.integration(&integration.name).then("/unmatched")) { "unmatched tables" } }
        }
        div.columns {
            div {
                section.card { h2 { "Last syncs" }
                    @if syncs.is_empty() { p { "There was none yet." } } @else {
                        p { (history::outcome(syncs[0].outcome)) " " (ago(syncs[0].finished_at, context.now)) ": " (crate::view::name::cut(&history::summary(&syncs[0]), 300)) }
                        (history::bars(context, &integration.name, &syncs))
                        p { a href=(context.links.integration(&integration.name).then("/syncs")) { "All syncs" } }
                    }
                }
                (check_card(context, &integration, check.as_ref()))
            }
            div {
                section.card { h2 { "Next sync" }
                    p { @match next { Some(due) => { (ago(due.at, context.now)) " (" (due.cause.title()) ")" }, None => "None by itself." } }
                    p.muted { (schedule.title()) }
                    (schedule_form(context, &integration, &schedule, refused))
                }
                (connection_card(context, &integration, &token))
            }
        }
    };
    let page = page(context, &integration, "").actions(actions(context, &integration));
    let page = match read_only_note(&integration) {
        Some(note) => page.notice(note),
        None => page,
    };
    Ok(page.body(&body).into_response())
}

/// `POST /integrations/{name}/check`: tries the connection.
pub async fn check(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    context.app.runtime().start_check(subject(&integration));
    Ok(see(&context.links.integration(&integration.name)))
}

/// `POST /integrations/{name}/schedule`: times of its own, or those of all.
pub async fn schedule(
    context: Context,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let integration = find(&context, &wanted).await?;
    let own = match wanted_schedule(&posted) {
        Ok(own) => own,
        Err(error) => return refuse_schedule(context, wanted, error, posted).await,
    };
    let workspace = context.app.workspace();
    if let Err(error) = workspace.set_schedule(&integration.name, own.as_ref()).await {
        let error = Error::from(error);
        return if error.status == StatusCode::BAD_REQUEST {
            refuse_schedule(context, wanted, error, posted).await
        } else {
            Err(error)
        };
    }
    context
        .record(
            "integration.schedule",
            integration.name.as_str(),
            posted.get("when").unwrap_or("as all"),
        )
        .await?;
    context.app.runtime().nudge();
    Ok(see(&context.links.integration(&integration.name)))
}

/// The times that a form asks for; `None` for those of all integrations.
fn wanted_schedule(posted: &Posted) -> Result<Option<ScheduleSettings>, Error> {
    let usual = ScheduleSettings::default();
    match posted.get("when") {
        Some("all") => Ok(None),
        Some("off") => Ok(Some(ScheduleSettings {
            enabled: false,
            ..usual
        })),
        Some("at") => {
            let Some(at) = posted.text("at") else {
                let error = Error::bad_request("no time was given");
                return Err(error.with_hint("give it as HH:MM, such as 05:00"));
            };
            Ok(Some(ScheduleSettings {
                at: Some(at.to_owned()),
                time_zone: posted.text("time_zone").map(str::to_owned),
                ..usual
            }))
        }
        said => {
            let said: String = said.unwrap_or_default().chars().take(60).collect();
            let error = Error::bad_request(format!("`{said}` does not say when to sync"));
            Err(error.with_hint("`all`, `at` or `off`"))
        }
    }
}

/// The page again, with what is wrong beside what was typed.
async fn refuse_schedule(
    context: Context,
    wanted: String,
    error: Error,
    posted: Posted,
) -> Result<Response, Error> {
    let status = error.status;
    let refused = RefusedSchedule { error, posted };
    let page = show(&context, &wanted, Some(&refused)).await?;
    Ok((status, page).into_response())
}

/// A form that could not be taken.
struct RefusedSchedule {
    error: Error,
    posted: Posted,
}

fn subject(integration: &Integration) -> Subject {
    Subject::Integration(integration.name.clone())
}

fn actions(context: &Context, integration: &Integration) -> Markup {
    let base = || context.links.integration(&integration.name);
    let may_change = context.may(Role::Admin) && integration.declared_in == DeclaredIn::Store;
    html! {
        @if context.may(Role::Operator) {
            form method="post" action=(base().then("/sync").anywhere()) { (form::csrf(context)) button.primary type="submit" { "Sync now" } }
        }
        @if may_change {
            a.button href=(base().then("/collections")) { "Change collections" }
            a.button href=(base().then("/disconnect")) { "Disconnect" }
        }
    }
}

/// What is wrong, worst first.
fn warnings(
    context: &Context,
    integration: &Integration,
    syncs: &[SyncRecord],
    token: &TokenState,
) -> Vec<Markup> {
    let mut warnings = Vec::new();
    let landed = syncs.iter().find(|sync| sync.outcome.has_landed());
    if let Some(error) = syncs.first().and_then(|sync| sync.error.as_ref()) {
        let since = syncs.iter().take_while(|sync| sync.error.is_some()).last();
        warnings.push(chrome::notice(
            "degraded",
            &html! {
                p { strong { "The last sync failed. " } (name(&error.message)) }
                p.muted { code { (error.code) }
                    @if let Some(since) = since { ", since " (exact(since.started_at)) }
                    @if let Some(landed) = landed { " · showing the sync of " (exact(landed.finished_at)) } }
            },
        ));
    } else if let Some(landed) = landed
        && (context.now - landed.finished_at).num_hours() >= STALE_HOURS
    {
        warnings.push(chrome::notice("caution", &html! { p { "What is shown is of " (ago(landed.finished_at, context.now)) ": no sync has landed since." } }));
    }
    if let Some(warning) = &token.warning {
        warnings.push(chrome::notice("caution", &html! { p { (warning) "." } }));
    }
    if integration.collections.is_empty() {
        warnings.push(chrome::notice(
            "caution",
            &html! { p { "No collection is chosen, so there is nothing to import. "
            a href=(context.links.integration(&integration.name).then("/collections")) { "Choose some" } } },
        ));
    }
    warnings
}

fn connection_card(context: &Context, integration: &Integration, token: &TokenState) -> Markup {
    let may_change = context.may(Role::Admin) && integration.declared_in == DeclaredIn::Store;
    html! {
        section.card { h2 { "Connection" }
            dl.facts {
                dt { "Server" } dd { (name(&integration.server)) }
                dt { "Site" } dd { @if integration.site.is_empty() { "the default site" } @else { (name(&integration.site)) } }
                (credential_facts(&integration.credential))
                dt { "Secret" } dd { (secret(integration, token)) }
                @if let Some(end) = token.expires_at { dt { "Token ends" } dd { (ago(end, context.now)) } }
                dt { "dbt projects" } dd { @if integration.projects.is_empty() { "all" } @else { @for (at, project) in integration.projects.iter().enumerate() { @if at > 0 { ", " } (name(project.as_str())) } } }
                dt { "Collections" } dd { (counted(integration.collections.patterns().len(), "choice", "choices")) }
            }
            @if may_change { p { a href=(context.links.integration(&integration.name).then("/connection")) { "Change address, sign-in or secret" } } }
        }
    }
}

/// With what the integration signs in.
pub fn credential_facts(credential: &CredentialName) -> Markup {
    match credential {
        CredentialName::Token(token) => html! { dt { "Token" } dd { (name(token)) } },
        CredentialName::ConnectedApp(app) => html! {
            dt { "Connected app" } dd { (name(&app.client_id)) }
            dt { "Secret's id" } dd { (name(&app.secret_id)) }
            dt { "Signs in as" } dd { (name(&app.user)) }
        },
    }
}

/// What may be shown of the secret.
pub fn secret(integration: &Integration, token: &TokenState) -> Markup {
    match (&integration.secret, &token.secret) {
        (SecretPlace::Environment { variable }, _) => {
            html! { "in the environment variable " code { (name(variable)) } }
        }
        (SecretPlace::File { path }, _) => html! { "in the file " code { (name(path.as_str())) } },
        (SecretPlace::Store, Some(mark)) => {
            html! { "set " (mark.set_at.format("%-d %b %Y")) @if !mark.ends_in.is_empty() { ", ends in …" (name(&mark.ends_in)) } }
        }
        (SecretPlace::Store, None) => html! { "sealed in the store" },
    }
}

fn schedule_form(
    context: &Context,
    integration: &Integration,
    schedule: &Schedule,
    refused: Option<&RefusedSchedule>,
) -> Markup {
    let typed = |field: &str| refused.and_then(|refused| refused.posted.get(field));
    let when = typed("when").unwrap_or(if schedule.is_enabled() { "all" } else { "off" });
    let zone = typed("time_zone").unwrap_or(schedule.zone().name());
    let may_change = context.may(Role::Admin) && integration.declared_in == DeclaredIn::Store;
    html! {
        @if may_change {
            details open[refused.is_some()] { summary { "Change" }
                @if let Some(RefusedSchedule { error, .. }) = refused {
                    p.error role="alert" { (name(&error.message)) @if let Some(hint) = &error.hint { ": " (name(hint)) } }
                }
                form method="post" action=(context.links.integration(&integration.name).then("/schedule").anywhere()) {
                    (form::csrf(context))
                    (form::choice("when", "Synced by itself", &[("all", "as all integrations are"), ("at", "daily at a time of its own"), ("off", "never: only when asked")], when))
                    (form::text("at", "Time of its own", typed("at").unwrap_or_default(), Some("HH:MM, such as 05:00")))
                    (form::text("time_zone", "Time zone", zone, Some("Such as Europe/Berlin")))
                    button type="submit" { "Save" }
                }
            }
        }
    }
}

fn check_card(context: &Context, integration: &Integration, check: Option<&LiveCheck>) -> Markup {
    html! {
        section.card { h2 { "Test of the connection" }
            (check_lines(check))
            @if context.may(Role::Operator) {
                form method="post" action=(context.links.integration(&integration.name).then("/check").anywhere()) { (form::csrf(context)) button type="submit" { "Test the connection" } }
            }
        }
    }
}

/// The lines of a check, fetched again until it is over.
pub fn check_lines(check: Option<&LiveCheck>) -> Markup {
    let is_running = check.is_some_and(|check| !check.is_over);
    html! {
        div #check data-poll=[is_running.then_some("700")] {
            @if let Some(check) = check {
                ul.plain-list.checks {
                    @for line in &check.lines { li {
                        @let (tone, word) = line_state(line.state);
                        span.badge.{ "tone-" (tone) } { (crate::view::glyph::glyph(tone)) (word) }
                        " " strong { (line_title(&line.name)) } ": " (name(&line.detail))
                        @if let Some(remedy) = &line.remedy { p.hint { (remedy) } }
                    } }
                    @if is_running { li { span.spinner aria-hidden="true" {} " Trying …" } }
                }
                @if check.is_over {
                    p role="status" data-say { @if check.has_failed() { strong.error { "Something does not work; the first line that failed says what to do." } } @else { strong { "Everything works." } } }
                }
            }
        }
    }
}

const fn line_state(state: CheckState) -> (&'static str, &'static str) {
    match state {
        CheckState::Ok => ("healthy", "OK"),
        CheckState::Warning => ("caution", "Note"),
        CheckState::Failed => ("degraded", "Failed"),
        CheckState::Skipped => ("unknown", "Not tried"),
    }
}

/// The words for a line of a check.
fn line_title(line: &str) -> &str {
    match line {
        "reachable" => "Reachable",
        "tls" => "TLS",
        "tableau" => "Tableau",
        "sign-in" => "Sign-in",
        "rest-version" => "API version",
        "metadata-api" => "Metadata API",
        "role" => "Role of the token's user",
        "projects" => "Projects visible",
        "token-expiry" => "End of the token",
        "connection" => "Connection",
        other => other,
    }
}
