//! What each step of the wizard shows.

use maud::{Markup, html};
use tailwater_core::collection_tree::CollectionTree;
use tailwater_engine::draft::{Draft, Said};
use tailwater_engine::runtime::Subject;
use tailwater_engine::settings::Kind;
use tailwater_engine::store::DraftId;

use super::super::{collection, credential, overview};
use super::address;
use crate::context::Context;
use crate::error::Error;
use crate::view::chrome;
use crate::view::form;
use crate::view::glyph;
use crate::view::name::name;
use crate::view::number::counted;

/// Step 1: which tool.
pub fn tool(context: &Context) -> Markup {
    html! {
        h2 { "Which BI tool?" }
        ul.tiles {
            li { span.name { (glyph::tool("tableau")) strong { "Tableau" } }
                p { "Tableau Server 2021.1 or newer, and Tableau Cloud. Workbooks become dbt exposures." }
                a.button.primary href=(address(context, Kind::Tableau, "prepare", None)) { "Connect Tableau" }
            }
        }
        p.muted { "Other tools are not there yet." }
    }
}

/// Step 2: what to do in Tableau.
pub fn prepare(context: &Context, kind: Kind, draft: Option<DraftId>) -> Markup {
    html! {
        h2 { "What to do in Tableau" }
        section.card {
            ol {
                li { strong { "Who does it: " } "somebody with the site role " em { "Site Administrator Explorer" } " or higher. Tailwater sees only what that person sees; with a lesser role, names of tables may stay hidden." }
                li { strong { "Make a personal access token: " } "click your picture at the top right, " em { "My Account Settings" } ", " em { "Personal Access Tokens" } ". Type a name such as " code { "tailwater" } ", click " em { "Create new token" } ", and copy the secret: Tableau shows it once." }
                li { strong { "Use the token for nothing else: " } "a second program that signs in with it ends Tailwater's session. Where that cannot be, an administrator makes a connected app instead (" em { "Settings" } ", " em { "Connected Apps" } ", direct trust), from Tableau Server 2022.3 on." }
                li { strong { "The Metadata API must be on. " } "It is on in Tableau Cloud. On Tableau Server an administrator runs " code { "tsm maintenance metadata-services enable" } " once." }
            }
            p.muted { "Tableau forgets a token after a year, and after 15 days without use; the daily sync keeps it in use, and a warning comes before it ends." }
        }
        p { a.button.primary href=(address(context, kind, "connection", draft)) { "I have the token" } }
    }
}

/// Step 3: the connection, and its test line by line.
pub fn connection(context: &Context, kind: Kind, draft: Option<&Draft>) -> Markup {
    let said = draft.map(|draft| &draft.said);
    let check = draft.and_then(|draft| context.app.runtime().check_state(&Subject::Draft(draft.id)));
    let is_passed = check
        .as_ref()
        .is_some_and(tailwater_engine::runtime::LiveCheck::is_passed);
    let text = |of: fn(&tailwater_engine::draft::Said) -> &str| said.map(of).unwrap_or_default().to_owned();
    let mark = said.and_then(|said| said.secret.as_ref());
    html! {
        h2 { "Connection" }
        form method="post" action=(context.links.to("/integrations/new").segment(kind.name()).then("/connection").anywhere()) autocomplete="off" {
            (form::csrf(context))
            @if let Some(draft) = draft { input type="hidden" name="draft" value=(draft.id.to_string()); }
            div.field {
                label for="address" { "Address" }
                input #address type="text" name="address" value=(text(|said| &said.address)) required autocomplete="off" aria-describedby="address-advice" spellcheck="false";
                p.advice #address-advice { "Paste the whole address from the browser while you look at the site, such as " code { "https://10ax.online.tableau.com/#/site/acme/home" } "." }
            }
            @if let Some(said) = said.filter(|said| !said.server.is_empty()) {
                p { "Server " code { (name(&said.server)) } ", " @if said.site.is_empty() { "the default site" } @else { "site " code { (name(&said.site)) } } }
            }
            (credential::fields(&said.map(Said::credential).unwrap_or_default()))
            div.field {
                label for="secret" { "Secret" }
                input #secret type="password" name="secret" required[mark.is_none()] autocomplete="new-password" aria-describedby="secret-advice" spellcheck="false";
                p.advice #secret-advice {
                    @match mark {
                        Some(mark) => { "Set " (mark.set_at.format("%-d %b %Y")) @if !mark.ends_in.is_empty() { ", ends in …" (name(&mark.ends_in)) } ". Leave the box empty to keep it." }
                        None => "It is sealed at once and never shown again.",
                    }
                }
            }
            p { label.inline { input type="checkbox" name="allow_http" value="1" checked[said.is_some_and(|said| said.allow_http)]; " Allow plain http (the secret can be read on the way; this machine needs no leave)" } }
            div.row { button.primary[!is_passed] type="submit" { "Test" } }
        }
        section aria-label="Test of the connection" { (overview::check_lines(check.as_ref())) }
        // The way on is there as soon as a test passed, also where the page was swapped in parts.
        div #onward data-poll=[check.as_ref().is_some_and(|check| !check.is_over).then_some("700")] {
            @if let Some(draft) = draft.filter(|_| is_passed) {
                p { a.button.primary href=(address(context, kind, "collections", Some(draft.id))) { "Choose collections" } }
            }
            @if check.as_ref().is_some_and(|check| !check.is_over) {
                noscript { p { a.button href=(address(context, kind, "connection", draft.map(|draft| draft.id))) { "Show how far the test is" } } }
            }
        }
        @if let Some(draft) = draft { (discard(context, kind, draft)) }
    }
}

/// Step 4: what to import.
pub async fn collections(context: &Context, kind: Kind, draft: &Draft) -> Markup {
    let tree = match context.app.workspace().collections_of_draft(draft.id).await {
        Ok(listing) => CollectionTree::new(&listing, &draft.said.collections),
        Err(error) => {
            let error = Error::from(error);
            return chrome::notice(
                "degraded",
                &html! {
                    p { strong { "The site could not be asked. " } (name(&error.message)) }
                    @if let Some(hint) = &error.hint { p.hint { (hint) } }
                    p { a.button href=(address(context, kind, "connection", Some(draft.id))) { "Back to the connection" } }
                },
            );
        }
    };
    html! {
        h2 { "What to import" }
        @if tree.rows.is_empty() {
            (chrome::empty("The token's user sees no project. Give the user permission to view those that are to be imported.", &html! {}))
        } @else {
            form method="post" action=(context.links.to("/integrations/new").segment(kind.name()).then("/collections").anywhere()) {
                (form::csrf(context))
                input type="hidden" name="draft" value=(draft.id.to_string());
                (collection::boxes(&tree))
                button.primary type="submit" { "Go on" }
            }
        }
        (discard(context, kind, draft))
    }
}

/// Step 5: everything once more, and the name.
pub async fn review(context: &Context, kind: Kind, draft: &Draft) -> Result<Markup, Error> {
    let said = &draft.said;
    let projects = context.app.workspace().projects().await?;
    Ok(html! {
        h2 { "Review" }
        dl.facts.card {
            dt { "Tool" } dd { (glyph::tool_title(kind.name())) }
            dt { "Server" } dd { (name(&said.server)) }
            dt { "Site" } dd { @if said.site.is_empty() { "the default site" } @else { (name(&said.site)) } }
            (overview::credential_facts(&said.credential()))
            @if let Some(mark) = said.secret.as_ref().filter(|mark| !mark.ends_in.is_empty()) { dt { "Secret" } dd { "ends in …" (name(&mark.ends_in)) } }
            dt { "Collections" } dd { ul.plain-list { @for pattern in said.collections.patterns().iter().take(30) { li { code { (name(pattern)) } } }
                @if said.collections.patterns().len() > 30 { li.muted { "and " (counted(said.collections.patterns().len() - 30, "other", "others")) } } } }
        }
        form method="post" action=(context.links.to("/integrations/new").segment(kind.name()).then("/finish").anywhere()) {
            (form::csrf(context))
            input type="hidden" name="draft" value=(draft.id.to_string());
            (form::text("name", "Name in Tailwater", &said.name, Some("Letters, digits, - _ and . ; left empty, it is made of the site's name.")))
            @if projects.len() > 1 {
                fieldset { legend { "dbt projects that feed this site" }
                    p.muted { "Without a choice, all do." }
                    @for project in &projects { p { label.inline { input type="checkbox" name="project" value=(project.name.as_str()) checked[said.projects.contains(&project.name)]; " " (name(project.name.as_str())) } } }
                }
            }
            @if projects.is_empty() { (chrome::notice("caution", &html! { p { "No dbt project is known yet, so nothing can be matched. Bring one: " code { "tailwater project add NAME target" } } })) }
            p.muted { "Workbooks are read once a day, and whenever somebody asks. Nothing is written to Tableau." }
            button.primary type="submit" { "Save and sync now" }
        }
        (discard(context, kind, draft))
    })
}

fn discard(context: &Context, kind: Kind, draft: &Draft) -> Markup {
    html! {
        form method="post" action=(context.links.to("/integrations/new").segment(kind.name()).then("/discard").anywhere()) {
            (form::csrf(context))
            input type="hidden" name="draft" value=(draft.id.to_string());
            p.muted { "You can come back to this later: it is kept for a week. " button.plain type="submit" { "Forget it" } }
        }
    }
}
