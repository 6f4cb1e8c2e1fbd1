//! Which scope of a connected app allows which call (Tableau help, "Access Scopes for Connected Apps").
//!
//! Sessions by token or password have no scopes and may do whatever their user may. Where public sources do not name
//! the scope of a call, the one stands here that the others suggest; what has none is refused.

use super::route::Access;

/// The scope that a session of a connected app needs for a route; `None` for what needs none.
///
/// `Err` for what no scope allows.
pub(super) fn needed(access: Access, method: &str, path: &str) -> Result<Option<&'static str>, ()> {
    if access != Access::Site {
        // Whoever is signed in may sign out and see as whom.
        return match path {
            "sites" => Ok(Some("tableau:sites:read")),
            "schedules" => Ok(Some("tableau:tasks:read")),
            _ => Ok(None),
        };
    }
    let segments: Vec<&str> = path.split('/').collect();
    let scope = match (method, segments.as_slice()) {
        ("GET", ["users", ..]) => "tableau:users:read",
        ("GET", [""]) => "tableau:sites:read",
        ("GET", ["views", _, "image" | "previewImage"]) => "tableau:views:download",
        ("GET", ["workbooks", .., "previewImage"]) => "tableau:workbooks:download",
        ("POST", [.., "refresh" | "runNow"]) => "tableau:tasks:run",
        ("GET", ["jobs", ..]) => "tableau:jobs:read",
        ("PUT", ["jobs", _]) => "tableau:jobs:update",
        ("GET", ["tasks" | "schedules", ..]) => "tableau:tasks:read",
        ("PUT", ["workbooks", _] | ["workbooks", _, "refreshThumbnails"]) => "tableau:workbooks:update",
        ("DELETE", ["workbooks", _]) => "tableau:workbooks:delete",
        ("PUT", ["datasources", _]) => "tableau:datasources:update",
        ("PUT" | "DELETE", ["workbooks", _, "tags", ..]) => "tableau:workbook_tags:update",
        ("PUT" | "DELETE", ["views", _, "tags", ..]) => "tableau:view_tags:update",
        ("PUT" | "DELETE", ["datasources", _, "tags", ..]) => "tableau:datasource_tags:update",
        ("PUT" | "DELETE", ["tables", _, "tags", ..]) => "tableau:table_tags:update",
        ("PUT" | "DELETE", ["databases", _, "tags", ..]) => "tableau:database_tags:update",
        ("PUT", ["tables", _, "columns", _]) => "tableau:columns:update",
        ("PUT", ["tables", _]) => "tableau:tables:update",
        ("PUT", ["databases", _]) => "tableau:databases:update",
        ("GET" | "POST", ["labels", ..]) | ("GET", ["labelValues"]) => "tableau:labels:read",
        ("DELETE", ["labels", _]) => "tableau:labels:delete",
        ("PUT", ["labels" | "labelValues", ..]) => "tableau:labels:update",
        ("GET", ["webhooks", ..]) => "tableau:webhooks:read",
        ("POST", ["webhooks"]) => "tableau:webhooks:create",
        ("PUT", ["webhooks", _]) => "tableau:webhooks:update",
        ("DELETE", ["webhooks", _]) => "tableau:webhooks:delete",
        // Data quality warnings are older than connected apps, and labels have replaced them.
        (_, ["dataQualityWarnings", ..]) => return Err(()),
        ("GET", _) => "tableau:content:read",
        _ => return Err(()),
    };
    Ok(Some(scope))
}

/// Whether a scope is among those granted; `tableau:jobs:*` stands for all of jobs.
pub(crate) fn is_granted(granted: &[String], scope: &str) -> bool {
    let all_of = |resource: &str| format!("{resource}:*");
    let wildcard = scope.rsplit_once(':').map(|(resource, _)| all_of(resource));
    granted
        .iter()
        .any(|given| given == scope || Some(given) == wildcard.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_a_resource() {
        let granted = ["tableau:jobs:*".to_owned(), "tableau:content:read".to_owned()];
        assert!(is_granted(&granted, "tableau:jobs:read"));
        assert!(is_granted(&granted, "tableau:content:read"));
        assert!(!is_granted(&granted, "tableau:tasks:run"));
        assert!(!is_granted(&granted, "tableau:content:update"));
    }

    #[test]
    fn reading_refreshing_and_warning_need_different_scopes() {
        let scope = |method, path| needed(Access::Site, method, path);
        assert_eq!(
            scope("GET", "workbooks/{workbook}/connections"),
            Ok(Some("tableau:content:read"))
        );
        assert_eq!(
            scope("POST", "datasources/{datasource}/refresh"),
            Ok(Some("tableau:tasks:run"))
        );
        assert_eq!(scope("PUT", "labels"), Ok(Some("tableau:labels:update")));
        assert_eq!(scope("POST", "dataQualityWarnings/{type}/{asset}"), Err(()));
        assert_eq!(needed(Access::SignedIn, "POST", "auth/signout"), Ok(None));
    }
}
