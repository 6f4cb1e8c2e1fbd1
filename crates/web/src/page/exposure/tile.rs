//! `/embed/exposures/{id}?sig=`: the health tile, to be shown inside the dashboard itself or any other page.
//!
//! Its address carries a signature that is good for this one exposure; there is no sign-in, no cookie and no script.
//! It may be framed by the sites that the settings name, and by no other.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use tailwater_core::health::{CheckKind, Health, HealthState, Refresh};
use tailwater_core::id::NodeId;

use crate::context::{Context, Theme};
use crate::error::Error;
use crate::link::Links;
use crate::view::glyph;
use crate::view::name::name;
use crate::view::time::ago;

/// How often a tile that stays open looks again, in seconds.
const REFRESHED_EVERY: u32 = 300;

/// What the address says.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    sig: Option<String>,
    theme: Option<String>,
}

/// `GET /embed/exposures/{id}`
pub async fn get(
    context: Context,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Error> {
    let id = NodeId::new(id);
    let signature = parameters.sig.as_deref().unwrap_or_default();
    let is_signed = context.app.workspace().is_tile_signature(&id, signature).await?;
    if !is_signed {
        // Whether there is such an exposure is nobody's business without the signature.
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "TW-WEB-TILE-SIGNATURE",
            "the address of this tile is not one that was given out",
        )
        .with_hint("copy the code for embedding from the exposure's page again"));
    }
    // Production, whatever the address says: a tile speaks of what people look at.
    let catalog = context.app.catalog(None)?;
    let theme = match parameters.theme.as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    };
    let links = context.app.links();
    let body = if let Some(exposure) = catalog.exposure(id.as_str()) {
        let address = links.exposure(&id).to_string();
        let address = context.app.absolute(&address, &context.headers);
        let (health, refresh) = (catalog.health(id.as_str()), catalog.refresh(id.as_str()));
        tile(&context, &exposure.label, health, &refresh, &address)
    } else {
        html! { p { (glyph::glyph("unknown")) " This dashboard is not known any more." } }
    };
    let page = frame(&links, theme, &body);
    let headers = [
        (
            CONTENT_SECURITY_POLICY,
            policy(&context.app.options().frame_ancestors),
        ),
        (CACHE_CONTROL, "private, max-age=60".to_owned()),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin".to_owned(),
        ),
        (
            HeaderName::from_static("referrer-policy"),
            "no-referrer".to_owned(),
        ),
    ];
    Ok((headers, page).into_response())
}

/// Nothing but our style sheet, framed by ourselves and the sites that the settings name. A site that is no CSP source
/// is left out, so that it cannot bring words of its own into the header.
fn policy(sites: &[String]) -> String {
    let is_source = |site: &&String| {
        !site.is_empty()
            && site
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || ":/.-*_[]".contains(character))
    };
    let mut ancestors = String::from("'self'");
    for site in sites.iter().filter(is_source) {
        ancestors.push(' ');
        ancestors.push_str(site);
    }
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors {ancestors}"
    )
}

fn tile(context: &Context, label: &str, health: &Health, refresh: &Refresh, address: &str) -> Markup {
    let (freshness, quality) = (freshness(health), quality(health));
    html! {
        p { strong { (name(label)) } }
        p.row {
            (word(freshness.0, freshness.1))
            (word(quality.0, quality.1))
        }
        p.muted {
            @if let Some(at) = refresh.data_as_of { "Data of " (ago(at, context.now)) ". " }
            a href=(address) target="_blank" rel="noopener" { "Why, in the catalog" span.hidden { " (in a new tab)" } }
        }
    }
}

fn word(tone: &str, title: &str) -> Markup {
    html! { span.badge.{ "tone-" (tone) } { (glyph::glyph(tone)) (title) } }
}

/// Whether the sources are fresh: tone and word.
fn freshness(health: &Health) -> (&'static str, &'static str) {
    match health.check(CheckKind::Freshness).and_then(|check| check.state) {
        Some(HealthState::Healthy) => ("healthy", "Fresh"),
        Some(HealthState::Caution) => ("caution", "Stale"),
        Some(HealthState::Degraded) => ("degraded", "Stale"),
        Some(HealthState::Unknown) | None => ("unknown", "Freshness unknown"),
    }
}

/// Whether the models were built and their tests passed: tone and word.
fn quality(health: &Health) -> (&'static str, &'static str) {
    let kinds = [CheckKind::Build, CheckKind::Tests];
    let states = kinds.into_iter().filter_map(|kind| health.check(kind)?.state);
    match HealthState::worst(states) {
        Some(HealthState::Healthy) => ("healthy", "Passed"),
        Some(HealthState::Caution) => ("caution", "Passed with warnings"),
        Some(HealthState::Degraded) => ("degraded", "Degraded"),
        Some(HealthState::Unknown) | None => ("unknown", "Quality unknown"),
    }
}

fn frame(links: &Links, theme: Theme, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.name()) {
            head {
                meta charset="utf-8";
                title { "Data health · Tailwater" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta http-equiv="refresh" content=(REFRESHED_EVERY);
                link rel="stylesheet" href=(links.asset("app.css"));
            }
            body { main.embedded { h1.hidden { "Data health" } (body) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_cannot_bring_words_of_their_own_into_the_policy() {
        let sites = [
            "https://bi.example.com",
            "https://*.example.org:8443",
            "x; script-src *",
            "",
            "a\r\nb",
        ];
        let policy = policy(&sites.map(str::to_owned));
        assert!(
            policy.ends_with("frame-ancestors 'self' https://bi.example.com https://*.example.org:8443"),
            "{policy}"
        );
        assert!(!policy.contains("script-src"));
    }
}
