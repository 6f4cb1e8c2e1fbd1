//! The line-by-line check of an integration.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use tailwater_core::credential::CredentialName;

use super::graph::{Data, Table};
use super::listing::{counted, projects_call};
use super::metadata::{Metadata, Reply};
use super::query::{PROBE, SAMPLE};
use super::session::{Gate, Session};
use super::settings::Credential;
use super::tree::Node;
use super::wire::User;
use crate::connector::{Check, CheckState, NoProgress, Progress, Step};
use crate::error::Error;

/// The lines, in order.
const LINES: [&str; 9] = [
    "reachable",
    "tls",
    "tableau",
    "sign-in",
    "rest-version",
    "metadata-api",
    "role",
    "projects",
    "token-expiry",
];
/// A token that expires within so many days is worth a warning.
const EXPIRY_WARNING_DAYS: u64 = 14;
/// How many tables are looked at for hidden names.
const SAMPLE_SIZE: usize = 50;

/// Tries everything that a sync needs.
pub(crate) async fn check(gate: &Gate, progress: &dyn Progress) -> Vec<Check> {
    let mut told = 0;
    let mut report = |lines: &Vec<Check>| {
        lines.iter().skip(told).for_each(|line| progress.line(line));
        told = lines.len();
        progress.report(Step {
            phase: "check",
            done: lines.len(),
            total: Some(LINES.len()),
        });
    };
    let mut lines = Vec::with_capacity(LINES.len());
    if !server_lines(gate, &mut lines).await {
        return in_order(lines);
    }
    report(&lines);
    let session = match gate.session().await {
        Ok(session) => session,
        Err(error) => {
            lines.push(Check::failed("sign-in", &error));
            return in_order(lines);
        }
    };
    let site = match gate.site() {
        "" => "the default site".to_owned(),
        site => format!("site `{site}`"),
    };
    let credential = gate.credential();
    lines.push(match credential.name() {
        CredentialName::Token(_) => Check::ok("sign-in", format!("signed in to {site}")),
        name @ CredentialName::ConnectedApp(_) => {
            Check::ok("sign-in", format!("signed in to {site} with {name}"))
        }
    });
    lines.push(match credential {
        Credential::PersonalAccessToken { .. } => expiry_line(session.token_life.as_deref()),
        Credential::ConnectedApp { .. } => Check::ok(
            "token-expiry",
            "a connected app has no end date; each sign-in is good for minutes and made anew",
        ),
    });
    report(&lines);
    lines.push(metadata_line(gate).await);
    report(&lines);
    lines.push(role_line(gate, &session).await);
    report(&lines);
    lines.push(projects_line(gate).await);
    report(&lines);
    in_order(lines)
}

/// Puts the lines in order; those that were not tried name the line that failed.
fn in_order(mut lines: Vec<Check>) -> Vec<Check> {
    let failed = lines
        .iter()
        .find(|line| line.state == CheckState::Failed)
        .map_or(LINES[0], |line| line.name);
    for name in LINES {
        if !lines.iter().any(|line| line.name == name) {
            lines.push(Check::skipped(name, failed));
        }
    }
    lines.sort_by_key(|line| LINES.iter().position(|name| *name == line.name));
    lines
}

/// Reachable, TLS, Tableau, REST version: all told by one call. Says whether to go on.
async fn server_lines(gate: &Gate, lines: &mut Vec<Check>) -> bool {
    let host = gate.host();
    let outcome = gate.server_info().await;
    let tls_ok = || {
        if gate.is_https() {
            Check::ok("tls", "the server's certificate is trusted")
        } else if gate.is_loopback() {
            Check::ok("tls", "plain http, which does not leave this machine")
        } else {
            Check::warning(
                "tls",
                "plain http: the token can be read on the way",
                "Use https.",
            )
        }
    };
    match outcome {
        Err(error @ (Error::Tls { .. } | Error::SpeaksTls { .. })) => {
            lines.push(Check::ok("reachable", format!("{host} answers")));
            lines.push(Check::failed("tls", &error));
            false
        }
        Err(error @ (Error::NotTableau { .. } | Error::Tableau { .. } | Error::Malformed { .. })) => {
            lines.push(Check::ok("reachable", format!("{host} answers")));
            lines.push(tls_ok());
            lines.push(Check::failed("tableau", &error));
            false
        }
        Err(error @ Error::TooOld { .. }) => {
            lines.push(Check::ok("reachable", format!("{host} answers")));
            lines.push(tls_ok());
            lines.push(Check::ok("tableau", "an old Tableau Server"));
            lines.push(Check::failed("rest-version", &error));
            false
        }
        Err(error) => {
            lines.push(Check::failed("reachable", &error));
            false
        }
        Ok(info) => {
            lines.push(Check::ok("reachable", format!("{host} answers")));
            lines.push(tls_ok());
            let product = info.product_version.as_deref().unwrap_or("of unknown version");
            lines.push(Check::ok("tableau", format!("Tableau {product}")));
            let detail = if info.offered == info.spoken {
                format!("REST API {}", info.spoken)
            } else {
                format!("REST API {} (the server offers {})", info.spoken, info.offered)
            };
            lines.push(Check::ok("rest-version", detail));
            true
        }
    }
}

/// The token's remaining life, `DAYS:HH:MM` (Tableau REST API, Sign In).
fn expiry_line(life: Option<&str>) -> Check {
    const UNUSED: &str = "a token also dies after 15 days without use";
    match life.map(|life| (life, days_of(life))) {
        Some((_, Some(days))) if days < EXPIRY_WARNING_DAYS => Check::warning(
            "token-expiry",
            format!("the token expires in {}; {UNUSED}", counted_days(days)),
            "Make a new token in Tableau, under your account's settings, and give it to this integration.",
        ),
        Some((_, Some(days))) => Check::ok(
            "token-expiry",
            format!("the token expires in {}; {UNUSED}", counted_days(days)),
        ),
        Some((life, None)) => Check::ok(
            "token-expiry",
            format!("Tableau tells the token's remaining life as {life:?}; {UNUSED}"),
        ),
        None => Check::ok(
            "token-expiry",
            format!("Tableau does not tell when the token expires; {UNUSED}"),
        ),
    }
}

fn counted_days(days: u64) -> String {
    if days == 0 {
        "less than a day".to_owned()
    } else {
        counted(usize::try_from(days).unwrap_or(usize::MAX), "day")
    }
}

/// Whole days in `DAYS:HH:MM`.
fn days_of(life: &str) -> Option<u64> {
    life_of(life).and_then(|life| u64::try_from(life.num_days()).ok())
}

/// `DAYS:HH:MM`, with or without seconds; with two parts there are no days.
pub(crate) fn life_of(life: &str) -> Option<TimeDelta> {
    let parts: Vec<u32> = life
        .split(':')
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    let (days, hours, minutes) = match parts[..] {
        [days, hours, minutes] | [days, hours, minutes, _] => (days, hours, minutes),
        [hours, minutes] => (0, hours, minutes),
        _ => return None,
    };
    Some(
        TimeDelta::try_days(days.into())?
            + TimeDelta::try_hours(hours.into())?
            + TimeDelta::try_minutes(minutes.into())?,
    )
}

/// The user's role (Query User On Site) and what it hides.
async fn role_line(gate: &Gate, session: &Session) -> Check {
    const REMEDY: &str = "Have the token made by a user with the role Site Administrator Explorer or higher; then \
                          every table, owner and workbook can be read.";
    let Some(user_id) = &session.user_id else {
        return Check::warning("role", "Tableau does not tell who the token's user is", REMEDY);
    };
    let user = match gate.get("Query User On Site", &["users", user_id], &[]).await {
        Ok(tree) => User::read(Node::new(&tree).member("user")),
        Err(error @ (Error::Tableau { .. } | Error::ScopeMissing { .. })) => {
            return Check::warning(
                "role",
                format!(
                    "the role of the token's user cannot be read ({error}); names of tables may be hidden"
                ),
                REMEDY,
            );
        }
        Err(error) => return Check::failed("role", &error),
    };
    let user = user.unwrap_or_default();
    let name = crate::error::tame(user.name.as_deref().unwrap_or("the token's user"));
    let role = crate::error::tame(user.site_role.as_deref().unwrap_or("unknown"));
    if sees_everything(&role) {
        return Check::ok("role", format!("{name} is {role}: sees everything on the site"));
    }
    Check::warning(
        "role",
        format!(
            "{name} is {role}: content without permission is not listed, and names of tables may be hidden"
        ),
        REMEDY,
    )
}

/// Roles with the Metadata API's complete results (Metadata API guide, "Permissions"), in their names
/// of today and of before 2018.1.
fn sees_everything(role: &str) -> bool {
    matches!(
        role,
        "ServerAdministrator"
            | "SiteAdministratorCreator"
            | "SiteAdministratorExplorer"
            | "SiteAdministrator"
    )
}

async fn projects_line(gate: &Gate) -> Check {
    match projects_call().fetch(gate, &NoProgress).await {
        Ok(list) if list.entries.is_empty() => Check::warning(
            "projects",
            "the token's user sees no project",
            "Give the user permission to view the projects that are to be imported.",
        ),
        Ok(list) => Check::ok(
            "projects",
            format!("{} visible", counted(list.entries.len(), "project")),
        ),
        Err(error) => Check::failed("projects", &error),
    }
}

/// Whether the Metadata API answers, and whether it hides names.
async fn metadata_line(gate: &Gate) -> Check {
    #[derive(Debug, Deserialize)]
    struct Anything {}
    let metadata = Metadata::new(gate);
    let known = match metadata.ask::<Data<Anything>>(PROBE, &json!({})).await {
        Ok(Reply::Whole(data)) => data.page.and_then(|page| page.total_count),
        Ok(Reply::Flawed(_, flaws)) => {
            let messages: Vec<&str> = flaws.iter().map(|flaw| flaw.message.as_str()).collect();
            return Check::warning(
                "metadata-api",
                format!("answers, but not wholly: {}", messages.join("; ")),
                "Nothing is removed on such answers. Try again later.",
            );
        }
        Ok(Reply::TooBig(_, flaw)) => {
            return Check::warning(
                "metadata-api",
                format!("answers, but slowly: {}", flaw.message),
                "Try again later.",
            );
        }
        Err(error) => return Check::failed("metadata-api", &error),
    };
    let known = known.map_or_else(String::new, |known| {
        format!(
            "; knows {}",
            counted(usize::try_from(known).unwrap_or(usize::MAX), "workbook")
        )
    });
    let variables = json!({"first": SAMPLE_SIZE});
    let tables = match metadata.ask::<Data<Table>>(SAMPLE, &variables).await {
        Ok(Reply::Whole(data) | Reply::Flawed(data, _)) => data.page.unwrap_or_default().nodes,
        _ => return Check::ok("metadata-api", format!("on{known}")),
    };
    let is_hidden = |table: &&Table| table.name.is_none() && table.full_name.is_none();
    let hidden = tables.items.iter().filter(is_hidden).count() + tables.nulls;
    let seen = tables.items.len() + tables.nulls;
    if hidden == 0 {
        return Check::ok("metadata-api", format!("on{known}"));
    }
    Check::warning(
        "metadata-api",
        format!("on{known}; the names of {hidden} of {seen} sampled tables are hidden from this token"),
        "Give the token's user the role Site Administrator Explorer, or have \"derived permissions\" switched on, or \
         grant it permissions on the tables in the catalog.",
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("361:04:12"), CheckState::Ok, "expires in 361 days")]
    #[case(Some("14:00:00"), CheckState::Ok, "expires in 14 days")]
    #[case(Some("13:23:59"), CheckState::Warning, "expires in 13 days")]
    #[case(Some("1:00:00"), CheckState::Warning, "expires in 1 day;")]
    #[case(Some("0:04:12"), CheckState::Warning, "expires in less than a day")]
    #[case(Some("04:12"), CheckState::Warning, "less than a day")]
    #[case(Some("361:04:12:09"), CheckState::Ok, "361 days")]
    #[case(Some("soon"), CheckState::Ok, "\"soon\"")]
    #[case(Some("-1:00:00"), CheckState::Ok, "\"-1:00:00\"")]
    #[case(None, CheckState::Ok, "does not tell")]
    fn a_token_near_its_end_is_a_warning(
        #[case] life: Option<&str>,
        #[case] state: CheckState,
        #[case] words: &str,
    ) {
        let line = expiry_line(life);
        assert_eq!(line.state, state);
        assert!(line.detail.contains(words), "{}", line.detail);
        assert!(line.detail.contains("15 days without use"));
    }

    #[test]
    fn lines_that_were_not_tried_name_the_one_that_failed() {
        let error = Error::TooOld {
            server: "https://bi.acme.com".to_owned(),
            version: "3.5".to_owned(),
            needs: "",
        };
        let lines = in_order(vec![
            Check::ok("reachable", ""),
            Check::ok("tls", ""),
            Check::ok("tableau", ""),
            Check::failed("rest-version", &error),
        ]);
        let names: Vec<&str> = lines.iter().map(|line| line.name).collect();
        assert_eq!(names, LINES);
        assert_eq!(lines[3].state, CheckState::Skipped);
        assert!(lines[3].detail.contains("`rest-version`"));
        assert_eq!(lines[4].state, CheckState::Failed);
    }
}
