//! `/settings/refresh`: when extracts are refreshed: every layer of the policy, what holds for one dashboard, and who
//! says so.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use tailwater_core::refresh::{
    EffectivePolicy, POLICY_FIELDS, Policy, PolicyPart, PolicyPlace, PolicyScope, Target,
};
use tailwater_engine::account::Role;
use tailwater_engine::policy::{DbtVariables, PolicyBook};

use super::{done, frame};
use crate::context::Context;
use crate::error::Error;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::chrome::{card, notice};
use crate::view::form;
use crate::view::name::{cut, marked, name};
use crate::view::policy::{self, place, title, value};
use crate::view::refresh;

const HERE: &str = "/settings/refresh";

/// A target of more dashboards than these offers the first of them.
const MOST_EXPOSURES: usize = 5;

const DONE: [(&str, &str); 1] = [("saved", "The policy holds from now on.")];

/// `GET /settings/refresh`; `?scope=` opens the form of a scope, `?of=` says what holds for a dashboard.
pub async fn get(context: Context) -> Result<Markup, Error> {
    let scope = context.parameter("scope").filter(|scope| !scope.is_empty());
    let scope = scope.map(|scope| read_scope(&scope)).transpose()?;
    page(&context, scope.as_ref(), None).await
}

/// `POST /settings/refresh`: what is said of one scope, in place of what was said before.
pub async fn post(context: Context, principal: Principal, posted: Posted) -> Result<Response, Error> {
    let scope = read_scope(posted.get("scope").unwrap_or_default())?;
    let workspace = context.app.workspace();
    let saved = match read(&posted) {
        Ok(part) => workspace
            .set_policy(&scope, &part, &principal.actor)
            .await
            .map_err(Error::from),
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => {
            context.app.refresh().await?;
            let address = context.links.to(HERE).query("done", "saved");
            Ok(Redirect::to(&address.to_string()).into_response())
        }
        Err(error) if error.status == StatusCode::BAD_REQUEST => {
            let status = error.status;
            let page = page(&context, Some(&scope), Some(&(error, posted))).await?;
            Ok((status, page).into_response())
        }
        Err(error) => Err(error),
    }
}

fn read_scope(text: &str) -> Result<PolicyScope, Error> {
    text.parse().map_err(|_| {
        Error::bad_request(format!("`{}` names no scope of a policy", cut(text, 100)))
            .with_hint("`environment/PROJECT/ENVIRONMENT`, `integration/NAME`, `collection/INTEGRATION/ID` or `exposure/ID`")
    })
}

/// What a form says; an empty box says nothing.
fn read(posted: &Posted) -> Result<PolicyPart, Error> {
    let mut said = Map::new();
    let wrong = |field: &str, text: &str, wanted: &str| {
        Error::bad_request(format!(
            "`{}` cannot be the {}",
            cut(text, 60),
            field.replace('_', " ")
        ))
        .with_hint(wanted)
    };
    for field in ["enabled", "gate_on_tests", "incremental"] {
        match posted.text(field) {
            Some("yes") => said.insert(field.to_owned(), json!(true)),
            Some("no") => said.insert(field.to_owned(), json!(false)),
            _ => None,
        };
    }
    for field in ["interval_minutes", "priority", "at_once", "per_hour"] {
        if let Some(text) = posted.text(field) {
            let number: u32 = text
                .parse()
                .map_err(|_| wrong(field, text, "give a whole number"))?;
            said.insert(field.to_owned(), json!(number));
        }
    }
    let time = |field: &str| -> Result<Option<String>, Error> {
        let Some(text) = posted.text(field) else {
            return Ok(None);
        };
        let time = ["%H:%M", "%H:%M:%S"]
            .iter()
            .find_map(|format| chrono::NaiveTime::parse_from_str(text, format).ok());
        let time = time.ok_or_else(|| wrong(field, text, "give a time of day as HH:MM"))?;
        Ok(Some(time.format("%H:%M:%S").to_string()))
    };
    if let Some(by) = time("fresh_by")? {
        said.insert("fresh_by".to_owned(), json!(by));
    }
    match (time("quiet_from")?, time("quiet_until")?) {
        (Some(from), Some(until)) => {
            said.insert("quiet_hours".to_owned(), json!({ "from": from, "until": until }));
        }
        (None, None) => {}
        _ => {
            return Err(Error::bad_request(
                "quiet hours need both their begin and their end",
            ));
        }
    }
    if let Some(zone) = posted.text("timezone") {
        said.insert("timezone".to_owned(), json!(zone));
    }
    serde_json::from_value(Value::Object(said)).map_err(|error| Error::bad_request(error.to_string()))
}

async fn page(
    context: &Context,
    scope: Option<&PolicyScope>,
    refused: Option<&(Error, Posted)>,
) -> Result<Markup, Error> {
    let workspace = context.app.workspace();
    let variables = DbtVariables::read(|name| std::env::var(name).ok());
    let book = workspace.policy_overview(variables).await?;
    let explained = match context.parameter("of").filter(|of| !of.trim().is_empty()) {
        Some(of) => Some(explain(context, &of, variables).await),
        None => None,
    };
    let is_on = book.enables_anything();
    Ok(frame(
        context,
        HERE,
        &html! {
            (done(context, &DONE))
            p { "After a build, the extracts that stand on rebuilt models are refreshed: soon, once, no more often than asked, and never on bad data. The narrower layer says what holds." }
            @if !is_on { (notice("info", &html! { p { "Refreshing is off everywhere. Turn it on for an environment below, in " code { "tailwater.toml" } ", or with " code { "DBT_ACTIVE_EXPOSURES=1" } " where dbt runs." } })) }
            (question(context))
            @if let Some(explained) = &explained { (explained) }
            @if let Some(scope) = scope { (form_of(context, &book, scope, refused)) }
            (layers(context, &book))
            @if scope.is_none() { (scopes(context).await?) }
        },
    ))
}

fn question(context: &Context) -> Markup {
    html! {
        section.card { h2 { "What holds for a dashboard" }
            form.row action=(context.links.to(HERE).anywhere()) method="get" {
                label.hidden for="of" { "Dashboard" }
                input id="of" type="search" name="of" placeholder="Name, id or address of a dashboard" maxlength="400" autocomplete="off" value=[context.parameter("of")];
                button type="submit" { "Show" }
            }
        }
    }
}

async fn explain(context: &Context, of: &str, variables: DbtVariables) -> Markup {
    let catalog = match context.app.catalog(None) {
        Ok(catalog) => catalog,
        Err(error) => return refusal(&error),
    };
    let found = context
        .app
        .workspace()
        .explain_policy(&catalog, of.trim(), variables)
        .await;
    match found {
        Err(error) => refusal(&Error::from(error)),
        Ok(found) => html! {
            @if found.is_empty() { (notice("info", &html! { p { "The BI tool tells of no extract behind it." } })) }
            @for (target, effective) in &found { (effective_of(context, target, effective)) }
        },
    }
}

fn refusal(error: &Error) -> Markup {
    html! {
        div.notice.degraded role="alert" { p { (marked(&error.message, 600)) } @if let Some(hint) = &error.hint { p.hint { (marked(hint, 600)) } } }
    }
}

fn effective_of(context: &Context, target: &Target, effective: &EffectivePolicy) -> Markup {
    html! {
        section.card { h2 { "What holds for the " (refresh::kind(target.id.kind)) " " (name(&target.name)) }
            p.sentence { (policy::sentence(&effective.policy)) "." }
            div.scroll tabindex="0" role="region" aria-label="What holds" { table {
                thead { tr { th scope="col" { "What" } th scope="col" { "Holds" } th scope="col" { "Who says so" } } }
                tbody { @for field in POLICY_FIELDS { tr {
                    th scope="row" { (title(field)) }
                    td { (value(field, &effective.policy)) }
                    td { @match effective.sources.get(field) {
                        None => span.muted { "built in" },
                        Some(source) => { (place(context, &source.place)) @if let Some(exposure) = &source.exposure { ", by way of " (name(exposure.as_str())) } },
                    } }
                } } }
            } }
            @if context.may(Role::Admin) { (narrower(context, target)) }
        }
    }
}

/// The ways to say something else of a target, the narrowest first.
fn narrower(context: &Context, target: &Target) -> Markup {
    let integration = || target.id.integration.clone();
    let exposures = target.exposures.iter().take(MOST_EXPOSURES).cloned();
    let mut scopes: Vec<PolicyScope> = exposures
        .map(|exposure| PolicyScope::Exposure { exposure })
        .collect();
    if let Some(collection) = target.collection.clone() {
        scopes.push(PolicyScope::Collection {
            integration: integration(),
            collection,
        });
    }
    scopes.push(PolicyScope::Integration {
        integration: integration(),
    });
    html! {
        p.row { "Say something else of the" @for scope in &scopes { a href=(policy::form_address(context, scope)) { (policy::scope(context, scope)) } } }
    }
}

/// Everything that was said, the widest first.
fn layers(context: &Context, book: &PolicyBook) -> Markup {
    let entries = book.entries();
    html! {
        section.card { h2 { "What was said" }
            @if entries.is_empty() { p.muted { "Nothing yet: what is built in holds, and nothing is refreshed." } }
            @else { div.scroll tabindex="0" role="region" aria-label="Layers" { table {
                thead { tr { th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { span.hidden { "Change" } } } }
                tbody { @for entry in &entries { tr {
                    th scope="row" { (place(context, &entry.place)) }
                    td.says { (said(&entry.part)) }
                    td { @if let PolicyPlace::Scope { scope, in_file: false } = &entry.place { @if context.may(Role::Admin) {
                        a href=(policy::form_address(context, scope)) { "Change" span.hidden { " " (policy::scope(context, scope)) } }
                    } } }
                } } }
            } } }
        }
    }
}

/// What one layer says, in words.
fn said(part: &PolicyPart) -> Markup {
    let policy = Policy::default().with(part);
    let fields = part.fields();
    html! {
        @for (at, field) in POLICY_FIELDS.iter().filter(|field| fields.iter().any(|own| own == *field)).enumerate() {
            @if at > 0 { "; " }
            (title(field)) ": " strong { (cut(&value(field, &policy), 100)) }
        }
    }
}

/// The scopes of which something can be said here; those of dashboards have their form on the dashboard's page.
async fn scopes(context: &Context) -> Result<Markup, Error> {
    if !context.may(Role::Admin) {
        return Ok(html! {});
    }
    let workspace = context.app.workspace();
    let mut scopes = Vec::new();
    for state in workspace.environment_states(None).await? {
        let environment = state.environment;
        scopes.push(PolicyScope::Environment {
            project: environment.project,
            environment: environment.name,
        });
    }
    for integration in workspace.integrations().await? {
        scopes.push(PolicyScope::Integration {
            integration: integration.name,
        });
    }
    Ok(card(
        "Say something of",
        &html! {
            @if scopes.is_empty() { p.muted { "There is no environment and no integration yet." } }
            ul.plain-list { @for scope in &scopes { li {
                a.sentence href=(policy::form_address(context, scope)) { (policy::scope(context, scope)) }
            } } }
            p.muted { "To say something of a collection or one dashboard, show above what holds for it. " code { "tailwater policy set" } " does the same." }
        },
    ))
}

fn form_of(
    context: &Context,
    book: &PolicyBook,
    scope: &PolicyScope,
    refused: Option<&(Error, Posted)>,
) -> Markup {
    if !context.may(Role::Admin) {
        return html! {};
    }
    let stored = book.stored(scope);
    let declared = book.declared(scope).fields();
    let known = Policy::default().with(&stored);
    let fields = stored.fields();
    let is_said = |field: &str| fields.iter().any(|own| own == field);
    let typed = |field: &str| {
        refused
            .and_then(|(_, posted)| posted.get(field))
            .map(str::to_owned)
    };
    let text =
        |field: &str, now: String| typed(field).unwrap_or(if is_said(field) { now } else { String::new() });
    let quiet = |field: &str, is_from: bool| {
        let hours = known.quiet_hours.filter(|_| is_said("quiet_hours"));
        let now = hours.map(|hours| if is_from { hours.from } else { hours.until });
        typed(field).unwrap_or_else(|| {
            now.map(|time| time.format("%H:%M").to_string())
                .unwrap_or_default()
        })
    };
    let switch = |field: &'static str, label: &str, now: bool| {
        let now = if now { "yes" } else { "no" };
        let chosen = text(field, now.to_owned());
        form::choice(
            field,
            label,
            &[("", "as the layer above says"), ("yes", "yes"), ("no", "no")],
            &chosen,
        )
    };
    let time =
        |at: Option<chrono::NaiveTime>| at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default();
    html! {
        section.card #form { h2 { "Policy of the " (policy::scope(context, scope)) }
            @if let Some((error, _)) = refused { (refusal(error)) }
            @if !declared.is_empty() { p.muted { "In " code { "tailwater.toml" } ", and not to be changed here: " (declared.join(", ")) "." } }
            form method="post" action=(context.links.to(HERE).anywhere()) {
                (form::csrf(context))
                input type="hidden" name="scope" value=(scope.to_string());
                p.muted { "What is left empty is as the layer above says." }
                div.halves {
                    (switch("enabled", "Refresh after builds", known.enabled))
                    (form::text("interval_minutes", "Shortest interval, minutes", &text("interval_minutes", known.interval_minutes.to_string()), Some("1440 is once a day.")))
                    (switch("gate_on_tests", "Hold when a test of error severity failed", known.gate_on_tests))
                    (switch("incremental", "New rows only, where the tool can", known.incremental))
                    (form::text("quiet_from", "Quiet from", &quiet("quiet_from", true), Some("HH:MM: nothing is sent then")))
                    (form::text("quiet_until", "Quiet until", &quiet("quiet_until", false), Some("HH:MM: what came due meanwhile is sent")))
                    (form::text("fresh_by", "Fresh by", &text("fresh_by", time(known.fresh_by)), Some("HH:MM, each day: a deadline that is missed is told")))
                    (form::text("timezone", "Time zone", &text("timezone", known.timezone.clone()), Some("Such as Europe/Berlin")))
                    (form::text("at_once", "Refreshes at once, per site", &text("at_once", known.at_once.to_string()), None))
                    (form::text("per_hour", "Refreshes an hour, per site", &text("per_hour", known.per_hour.map(|most| most.to_string()).unwrap_or_default()), None))
                    (form::text("priority", "Priority", &text("priority", known.priority.to_string()), Some("0 to 100; higher goes first")))
                }
                div.row { button.primary type="submit" { "Save" } a.button href=(context.links.to(HERE)) { "Cancel" } }
            }
        }
    }
}
