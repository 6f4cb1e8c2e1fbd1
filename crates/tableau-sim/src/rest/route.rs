//! Every route of the REST API in one list, and the way through it.

use super::call::{Call, Reply, SignedIn, Version, parse_version};
use super::{
    auth, catalog, connection, datasource, image, job, label, project, quality_warning, scope, server_info,
    tag, task, user, view, webhook, workbook,
};
use crate::wire::{Fault, Node, Query};
use crate::world::World;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anyone.
    Open,
    /// Whoever is signed in; the path names no site.
    SignedIn,
    /// Whoever is signed in to the site that the path names.
    Site,
}

type Handler = fn(&Call<'_>) -> Result<Reply, Fault>;

struct Route {
    method: &'static str,
    path: &'static str,
    access: Access,
    handler: Handler,
}

const fn route(method: &'static str, path: &'static str, access: Access, handler: Handler) -> Route {
    Route {
        method,
        path,
        access,
        handler,
    }
}

use Access::{Open, SignedIn as Session, Site};

/// The routes, after `/api/{version}/`; those of a site stand below `sites/{luid}/`.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route("GET",    "serverinfo",                                Open,    server_info::show),
    route("POST",   "auth/signin",                               Open,    auth::sign_in),
    route("POST",   "auth/signout",                              Session, auth::sign_out),
    route("POST",   "auth/switchSite",                           Session, auth::switch_site),
    route("GET",    "sessions/current",                          Session, auth::current_session),
    route("GET",    "sites",                                     Session, server_info::list_sites),
    route("GET",    "schedules",                                 Session, task::list_schedules),

    route("GET",    "",                                          Site,    server_info::show_site),
    route("GET",    "projects",                                  Site,    project::list),
    route("GET",    "users",                                     Site,    user::list),
    route("GET",    "users/{user}",                              Site,    user::show),

    route("GET",    "workbooks",                                 Site,    workbook::list),
    route("GET",    "workbooks/{workbook}",                      Site,    workbook::show),
    route("PUT",    "workbooks/{workbook}",                      Site,    workbook::update),
    route("DELETE", "workbooks/{workbook}",                      Site,    workbook::delete),
    route("GET",    "workbooks/{workbook}/connections",          Site,    connection::of_workbook),
    route("GET",    "workbooks/{workbook}/views",                Site,    view::of_workbook),
    route("GET",    "workbooks/{workbook}/previewImage",         Site,    image::of_workbook),
    route("GET",    "workbooks/{workbook}/views/{view}/previewImage", Site, image::of_view_in_workbook),
    route("PUT",    "workbooks/{workbook}/refreshThumbnails",    Site,    image::refresh_thumbnails),
    route("POST",   "workbooks/{workbook}/refresh",              Site,    job::refresh_workbook),
    route("PUT",    "workbooks/{workbook}/tags",                 Site,    tag::add_to_workbook),
    route("DELETE", "workbooks/{workbook}/tags/{tag}",           Site,    tag::remove_from_workbook),

    route("GET",    "views",                                     Site,    view::list),
    route("GET",    "views/{view}",                              Site,    view::show),
    route("GET",    "views/{view}/image",                        Site,    image::of_view),
    route("GET",    "views/{view}/previewImage",                 Site,    image::of_view),
    route("PUT",    "views/{view}/tags",                         Site,    tag::add_to_view),
    route("DELETE", "views/{view}/tags/{tag}",                   Site,    tag::remove_from_view),

    route("GET",    "datasources",                               Site,    datasource::list),
    route("GET",    "datasources/{datasource}",                  Site,    datasource::show),
    route("PUT",    "datasources/{datasource}",                  Site,    datasource::update),
    route("GET",    "datasources/{datasource}/connections",      Site,    connection::of_datasource),
    route("POST",   "datasources/{datasource}/refresh",          Site,    job::refresh_datasource),
    route("PUT",    "datasources/{datasource}/tags",             Site,    tag::add_to_datasource),
    route("DELETE", "datasources/{datasource}/tags/{tag}",       Site,    tag::remove_from_datasource),

    route("GET",    "jobs",                                      Site,    job::list),
    route("GET",    "jobs/{job}",                                Site,    job::show),
    route("PUT",    "jobs/{job}",                                Site,    job::cancel),

    route("GET",    "tasks/extractRefreshes",                    Site,    task::list),
    route("GET",    "tasks/extractRefreshes/{task}",             Site,    task::show),
    route("POST",   "tasks/extractRefreshes/{task}/runNow",      Site,    task::run_now),
    route("GET",    "schedules/{schedule}/extracts",             Site,    task::of_schedule),

    route("GET",    "databases",                                 Site,    catalog::list_databases),
    route("GET",    "databases/{database}",                      Site,    catalog::show_database),
    route("PUT",    "databases/{database}",                      Site,    catalog::update_database),
    route("GET",    "tables",                                    Site,    catalog::list_tables),
    route("GET",    "tables/{table}",                            Site,    catalog::show_table),
    route("PUT",    "tables/{table}",                            Site,    catalog::update_table),
    route("GET",    "tables/{table}/columns",                    Site,    catalog::list_columns),
    route("PUT",    "tables/{table}/columns/{column}",           Site,    catalog::update_column),
    route("PUT",    "tables/{table}/tags",                       Site,    tag::add_to_table),
    route("DELETE", "tables/{table}/tags/{tag}",                 Site,    tag::remove_from_table),
    route("PUT",    "databases/{database}/tags",                 Site,    tag::add_to_database),
    route("DELETE", "databases/{database}/tags/{tag}",           Site,    tag::remove_from_database),

    route("PUT",    "labels",                                    Site,    label::put),
    route("POST",   "labels",                                    Site,    label::read),
    route("GET",    "labels/{label}",                            Site,    label::show),
    route("PUT",    "labels/{label}",                            Site,    label::update),
    route("DELETE", "labels/{label}",                            Site,    label::delete),
    route("GET",    "labelValues",                               Site,    label::list_values),
    route("PUT",    "labelValues",                               Site,    label::put_value),
    route("POST",   "dataQualityWarnings/createOrUpdate",        Site,    quality_warning::create_or_update),
    route("PUT",    "dataQualityWarnings/{warning}",             Site,    quality_warning::update),
    route("POST",   "dataQualityWarnings/{type}/{asset}",        Site,    quality_warning::add),
    route("PUT",    "dataQualityWarnings/{type}/{asset}",        Site,    quality_warning::update_on_asset),
    route("GET",    "dataQualityWarnings/{type}/{asset}",        Site,    quality_warning::list),
    route("DELETE", "dataQualityWarnings/{type}/{asset}",        Site,    quality_warning::clear),

    route("POST",   "webhooks",                                  Site,    webhook::create),
    route("GET",    "webhooks",                                  Site,    webhook::list),
    route("GET",    "webhooks/{webhook}",                        Site,    webhook::show),
    route("PUT",    "webhooks/{webhook}",                        Site,    webhook::update),
    route("DELETE", "webhooks/{webhook}",                        Site,    webhook::delete),
    route("GET",    "webhooks/{webhook}/test",                   Site,    webhook::test),
];

/// What came in over HTTP.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// The path after `/api/`, still percent-encoded.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) credential: Option<&'a str>,
    pub(crate) body: &'a [u8],
    pub(crate) base_url: &'a str,
    /// Whether the switches of the host strike it.
    pub(crate) may_fail: bool,
}

/// Answers a call, or says why not.
///
/// # Errors
/// Every refusal, with Tableau's code for it.
pub(crate) fn answer(world: &World, asked: &Asked<'_>) -> Result<Reply, Fault> {
    let (version_text, path) = asked.path.split_once('/').unwrap_or((asked.path, ""));
    let segments: Vec<String> = path
        .trim_end_matches('/')
        .split('/')
        .map(|segment| crate::wire::decode(segment, false))
        .collect();
    let is_server_info = segments.len() == 1 && segments[0].eq_ignore_ascii_case("serverinfo");
    let version = check_version(world, version_text, is_server_info)?;

    let (site, local) = match segments.as_slice() {
        [first, site, rest @ ..] if first == "sites" => (Some(site.as_str()), rest),
        all => (None, all),
    };
    let (route, parts) = find_route(asked.method, site.is_some(), local)?;
    let signed_in = match route.access {
        Open => None,
        Session => Some(session(world, asked.credential, None)?),
        Site => Some(session(world, asked.credential, site)?),
    };
    if let Some(scopes) = signed_in.as_ref().and_then(|signed_in| signed_in.scopes.as_ref()) {
        let is_granted = match scope::needed(route.access, route.method, route.path) {
            Ok(needed) => needed.is_none_or(|needed| scope::is_granted(scopes, needed)),
            Err(()) => false,
        };
        // Tableau does not tell a session that may not from one that ended.
        if !is_granted {
            return Err(Fault::stale_token());
        }
    }
    let switches = world.switches();
    if route.access != Open {
        throttle(world, asked)?;
    }
    let call = Call {
        world,
        version,
        newest_version: newest_version(world),
        version_text,
        hosting: world.state().server.hosting,
        now: world.clock.now(),
        query: Query::parse(asked.query),
        body: read_body(asked)?,
        path: parts,
        credential: asked.credential,
        base_url: asked.base_url,
        signed_in,
        switches,
    };
    (route.handler)(&call)
}

fn newest_version(world: &World) -> Version {
    parse_version(&world.rest_version()).unwrap_or((3, 25))
}

/// Every version up to the server's own is answered, server info under any.
fn check_version(world: &World, text: &str, is_server_info: bool) -> Result<Version, Fault> {
    let newest = newest_version(world);
    match parse_version(text) {
        Some(version) if is_server_info || ((2, 3)..=newest).contains(&version) => Ok(version),
        Some(version) if version < (2, 3) => Err(Fault::forbidden(
            403_037,
            format!("The version {text} of the API is no longer supported."),
        )),
        _ => Err(Fault::new(
            404_001,
            "Resource Not Found",
            format!("API version '{text}' is unknown."),
        )),
    }
}

fn find_route(
    method: &str,
    in_site: bool,
    segments: &[String],
) -> Result<(&'static Route, Vec<String>), Fault> {
    let mut path_is_known = false;
    for route in ROUTES {
        if (route.access == Site) != in_site {
            continue;
        }
        if let Some(parts) = match_path(route.path, segments) {
            if route.method == method {
                return Ok((route, parts));
            }
            path_is_known = true;
        }
    }
    if path_is_known {
        return Err(Fault::new(
            405_000,
            "Method Not Allowed",
            format!("Request type {method} is not allowed here."),
        ));
    }
    Err(Fault::new(
        404_003,
        "Resource Not Found",
        format!("Unknown resource '{}' specified in URI.", segments.join("/")),
    ))
}

/// The variable parts of a path that fits a pattern.
fn match_path(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let expected: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let segments: Vec<&String> = segments.iter().filter(|segment| !segment.is_empty()).collect();
    if expected.len() != segments.len() {
        return None;
    }
    let mut parts = Vec::new();
    for (expected, found) in expected.iter().zip(segments) {
        if expected.starts_with('{') {
            parts.push(found.clone());
        } else if !expected.eq_ignore_ascii_case(found) {
            return None;
        }
    }
    Some(parts)
}

/// The live session of a credential, which must be for the site in the path, if one is there.
fn session(world: &World, credential: Option<&str>, site: Option<&str>) -> Result<SignedIn, Fault> {
    let credential = credential.ok_or_else(|| {
        Fault::new(
            401_000,
            "Unauthorized Access",
            "No authentication credentials were provided.",
        )
    })?;
    let now = world.clock.now();
    let mut state = world.state();
    let hosting = state.server.hosting;
    let session = state
        .sessions
        .touch(credential, hosting, now)
        .ok_or_else(Fault::stale_token)?;
    let present = state
        .sites
        .get(session.site)
        .map(|hosted| hosted.present().clone());
    let present = present.ok_or_else(Fault::stale_token)?;
    if site.is_some_and(|luid| !luid.eq_ignore_ascii_case(&present.identity.luid.to_string())) {
        return Err(Fault::forbidden(
            403_010,
            "The authentication token is for another site.",
        ));
    }
    Ok(SignedIn {
        site_number: session.site,
        site: present,
        user: session.user,
        scopes: session.scopes,
    })
}

fn throttle(world: &World, asked: &Asked<'_>) -> Result<(), Fault> {
    let minutes = world.update_switches(|switches| {
        let strikes = asked.may_fail && switches.throttled_times > 0;
        if strikes {
            switches.throttled_times -= 1;
        }
        strikes.then_some(switches.throttled_minutes)
    });
    match minutes {
        Some(minutes) => Err(Fault::new(
            429_000,
            "Too Many Requests",
            format!("Too many requests. Please retry after {minutes} minutes."),
        )),
        None => Ok(()),
    }
}

fn read_body(asked: &Asked<'_>) -> Result<Option<Node>, Fault> {
    if asked.body.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(asked.body).map_err(|_| Fault::bad_body("it is not UTF-8"))?;
    let content_type = asked
        .content_type
        .unwrap_or("application/xml")
        .to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    match media_type {
        "application/json" => Node::from_json(text).map(Some),
        "application/xml" | "text/xml" => Node::from_xml(text).map(Some),
        other => Err(Fault::new(
            406_000,
            "Not Acceptable",
            format!("The media type '{other}' is not supported."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Result<Vec<String>, u32> {
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        find_route(method, true, &segments)
            .map(|(_, parts)| parts)
            .map_err(|fault| fault.code)
    }

    #[test]
    fn variable_parts_are_taken_in_order() {
        assert_eq!(
            found("GET", "workbooks/w/views/v/previewImage").unwrap(),
            ["w", "v"]
        );
        assert!(
            found("POST", "dataQualityWarnings/createOrUpdate")
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            found("POST", "dataQualityWarnings/table/t").unwrap(),
            ["table", "t"]
        );
    }

    #[test]
    fn unknown_paths_and_methods_differ() {
        assert_eq!(found("GET", "nothing/here"), Err(404_003));
        assert_eq!(found("DELETE", "projects"), Err(405_000));
    }
}
