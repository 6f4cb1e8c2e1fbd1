//! `/settings/projects`: dbt projects, their environments, what has arrived there, and how a CI job brings more.

use axum::Form;
use axum::extract::Path;
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;
use tailwater_core::id::{EnvironmentName, ProjectName};
use tailwater_engine::account::Role;
use tailwater_engine::catalog::{ArtifactOrigin, ArtifactState};
use tailwater_engine::environment::{Environment, EnvironmentState};
use tailwater_engine::project::ProjectEntry;
use tailwater_engine::settings::DeclaredIn;

use super::{done, frame};
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::page::credential::text_field;
use crate::view::chrome::{card, empty};
use crate::view::form;
use crate::view::name::{cut, name};
use crate::view::number::bytes;
use crate::view::readiness::command;
use crate::view::time::{ago, ago_or_dash};

const HERE: &str = "/settings/projects";

const DONE: [(&str, &str); 5] = [
    (
        "added",
        "The project is there. Bring its artifacts with the command below.",
    ),
    ("removed", "The project is forgotten."),
    (
        "environment-added",
        "The environment is there. Bring its artifacts with the command below.",
    ),
    ("environment-removed", "The environment is forgotten."),
    ("production", "Production is another environment now."),
];

/// A project or an environment to make.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    name: String,
}

/// `GET /settings/projects`
pub async fn get(context: Context) -> Result<Markup, Error> {
    let workspace = context.app.workspace();
    let (projects, states) = (
        workspace.projects().await?,
        workspace.environment_states(None).await?,
    );
    let can_change = context.may(Role::Admin);
    Ok(frame(
        &context,
        HERE,
        &html! {
            (done(&context, &DONE))
            @if projects.is_empty() {
                (empty("There is no dbt project yet.", &html! { (command("tailwater project add NAME path/to/dbt/target")) }))
            }
            @for project in &projects {
                (one(&context, project, states.iter().filter(|state| state.environment.project == project.name), can_change))
            }
            @if can_change {
                (card("Add a project", &html! {
                    p { "Its artifacts are handed over by a CI job or by command. A directory that is watched is added by "
                        code { "tailwater project add" } " or in " code { "tailwater.toml" } "." }
                    form method="post" action=(context.links.to(HERE).anywhere()) {
                        (form::csrf(&context))
                        (text_field("name", "Name", "", "off", true))
                        button.primary type="submit" { "Add" }
                    }
                }))
            }
        },
    ))
}

/// `POST /settings/projects`
pub async fn add(context: Context, Form(wanted): Form<Wanted>) -> Result<Redirect, Error> {
    let wanted = ProjectName::new(wanted.name.trim());
    let made = context.app.workspace().add_project_without_path(wanted).await?;
    context.record("project.add", made.name.as_str(), "").await?;
    back(&context, "added").await
}

/// `POST /settings/projects/{project}/remove`
pub async fn remove(context: Context, Path(project): Path<String>) -> Result<Redirect, Error> {
    let project = ProjectName::new(project);
    context.app.workspace().remove_project(&project).await?;
    context.record("project.remove", project.as_str(), "").await?;
    back(&context, "removed").await
}

/// `POST /settings/projects/{project}/environments`
pub async fn add_environment(
    context: Context,
    Path(project): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Redirect, Error> {
    let (project, wanted) = (
        ProjectName::new(project),
        EnvironmentName::new(wanted.name.trim()),
    );
    let workspace = context.app.workspace();
    let made = workspace.add_environment(&project, wanted, None, false).await?;
    context
        .record("environment.add", &format!("{project}/{}", made.name), "")
        .await?;
    back(&context, "environment-added").await
}

/// `POST /settings/projects/{project}/environments/{environment}/production`
pub async fn make_production(
    context: Context,
    Path((project, environment)): Path<(String, String)>,
) -> Result<Redirect, Error> {
    let (project, environment) = (ProjectName::new(project), EnvironmentName::new(environment));
    context
        .app
        .workspace()
        .set_production(&project, &environment)
        .await?;
    context
        .record("environment.production", &format!("{project}/{environment}"), "")
        .await?;
    back(&context, "production").await
}

/// `POST /settings/projects/{project}/environments/{environment}/remove`
pub async fn remove_environment(
    context: Context,
    Path((project, environment)): Path<(String, String)>,
) -> Result<Redirect, Error> {
    let (project, environment) = (ProjectName::new(project), EnvironmentName::new(environment));
    let workspace = context.app.workspace();
    workspace.remove_environment(&project, &environment).await?;
    context
        .record("environment.remove", &format!("{project}/{environment}"), "")
        .await?;
    back(&context, "environment-removed").await
}

async fn back(context: &Context, word: &str) -> Result<Redirect, Error> {
    context.app.refresh().await?;
    let address = context.links.to(HERE).query("done", word);
    Ok(Redirect::to(&address.to_string()))
}

fn one<'s>(
    context: &Context,
    project: &ProjectEntry,
    states: impl Iterator<Item = &'s EnvironmentState>,
    can_change: bool,
) -> Markup {
    let is_writable = project.declared_in == DeclaredIn::Store;
    let here = || context.links.to(HERE).segment(project.name.as_str());
    html! {
        section.card {
            h2 { (name(project.name.as_str())) }
            @if !is_writable { p.muted { "Declared in " code { "tailwater.toml" } ", which is where it is changed." } }
            @for state in states { (environment(context, state, can_change && is_writable)) }
            @if can_change && is_writable {
                details { summary { "Add an environment" }
                    form method="post" action=(here().then("/environments").anywhere()) {
                        (form::csrf(context))
                        div.field {
                            label for={ "environment-of-" (project.name) } { "Name, such as staging" }
                            input id={ "environment-of-" (project.name) } name="name" type="text" autocomplete="off" maxlength="64" required;
                        }
                        button type="submit" { "Add the environment" }
                    }
                }
                details { summary { "Remove the project" }
                    p { "Its environments, artifacts and history are forgotten." }
                    (act(context, &here().then("/remove").anywhere(), "Remove", project.name.as_str()))
                }
            }
        }
    }
}

fn environment(context: &Context, state: &EnvironmentState, can_change: bool) -> Markup {
    let of = &state.environment;
    let here = || {
        let project = context.links.to(HERE).segment(of.project.as_str());
        project.then("/environments").segment(of.name.as_str())
    };
    html! {
        h3 { (name(of.name.as_str())) @if of.is_production { " " span.tag { "production" } } }
        p.muted { @match &of.path {
            Some(path) => { "Watched at " code { (cut(path.as_str(), 400)) } },
            None => "Handed over by command or by a CI job.",
        } }
        @if state.artifacts.is_empty() { p { "Nothing has arrived yet." } } @else { (artifacts(context, &state.artifacts, of)) }
        @for problem in &state.problems {
            div.notice.caution role="note" {
                p { code { (problem.kind.file_name()) } " cannot be used now: " (cut(&problem.message, 1_000)) "." }
                @if let Some(remedy) = &problem.remedy { p.hint { (remedy) } }
            }
        }
        @if of.path.is_none() && context.may(Role::Operator) {
            details open[state.artifacts.is_empty()] { summary { "Bring artifacts from a CI job" }
                p { "After " code { "dbt build" } ", with a token of the role operator in " code { "TAILWATER_TOKEN" } ":" }
                (command(&curl(context, of)))
            }
        }
        @if can_change && !of.is_production {
            div.row {
                (act(context, &here().then("/production").anywhere(), "Make it production", of.name.as_str()))
                (act(context, &here().then("/remove").anywhere(), "Remove", of.name.as_str()))
            }
        }
    }
}

fn artifacts(context: &Context, artifacts: &[ArtifactState], of: &Environment) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Artifacts of " (of.project) ", " (of.name) } { table.list {
            thead { tr {
                th scope="col" { "Artifact" } th scope="col" { "Written" } th scope="col" { "dbt" }
                th scope="col" { "Invocation" } th scope="col" { "Size" } th scope="col" { "How it came" }
            } }
            tbody { @for artifact in artifacts { tr {
                th scope="row" { code { (artifact.kind.file_name()) } }
                td { (ago_or_dash(artifact.generated_at, context.now)) }
                td { (cut(&artifact.dbt_version, 40)) }
                td { @if let Some(id) = &artifact.invocation_id { code { (cut(id, 60)) } } }
                td { (bytes(artifact.size)) }
                td { @match &artifact.origin {
                    ArtifactOrigin::Watched { modified_at, .. } => { "watched, changed " (ago_or_dash(*modified_at, context.now)) },
                    ArtifactOrigin::Ingested { by, received_at, forced } => {
                        "by " (name(by)) ", " (ago(*received_at, context.now)) @if *forced { ", forced" }
                    },
                } }
            } } }
        } }
    }
}

/// A form of one button.
fn act(context: &Context, to: &Address, title: &str, of: &str) -> Markup {
    html! {
        form method="post" action=(to) {
            (form::csrf(context))
            button type="submit" aria-label={ (title) ": " (of) } { (title) }
        }
    }
}

/// What a CI job runs. Names are made of letters, digits, `-`, `_` and `.`, and need no quotes.
fn curl(context: &Context, of: &Environment) -> String {
    let address = context
        .links
        .to("/api/v1/projects")
        .segment(of.project.as_str())
        .then("/environments")
        .segment(of.name.as_str())
        .then("/artifacts")
        .anywhere();
    let address = context.app.absolute(&address.to_string(), &context.headers);
    format!(
        "curl --fail-with-body -X PUT -H \"Authorization: Bearer $TAILWATER_TOKEN\" \
         -F file=@target/manifest.json -F file=@target/run_results.json '{address}'"
    )
}
