//! The line-by-line check.

use tailwater_bi::{Check, CheckState, Connector, NoProgress};
use tailwater_tableau_sim::MetadataAvailability;

use crate::support::{TOKEN_SECRET, connect_with, settings, start};

const SITE: &str = r#"
[[site.workbook]]
name = "Orders"
project = "Sales"
datasources = [{ connection = "warehouse", tables = ["MARTS.ORDERS"] }]
"#;

fn lines(checks: &[Check]) -> Vec<String> {
    checks
        .iter()
        .map(|check| format!("{} {:?}", check.name, check.state))
        .collect()
}

fn line<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name == name).unwrap()
}

#[tokio::test]
async fn an_administrators_token_passes_every_line() {
    let running = start(SITE).await;
    let connector = connect_with(settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(
        lines(&checks),
        [
            "reachable Ok",
            "tls Ok",
            "tableau Ok",
            "sign-in Ok",
            "rest-version Ok",
            "metadata-api Ok",
            "role Ok",
            "projects Ok",
            "token-expiry Ok"
        ]
    );
    assert!(line(&checks, "tableau").detail.contains("2025.1.2"));
    assert!(line(&checks, "role").detail.contains("SiteAdministratorExplorer"));
    assert!(
        line(&checks, "token-expiry")
            .detail
            .contains("15 days without use")
    );
    assert_eq!(line(&checks, "metadata-api").detail, "on; knows 1 workbook");
}

#[tokio::test]
async fn a_viewers_token_is_told_what_it_does_not_see() {
    let running = start(SITE).await;
    let connector = connect_with(settings(running.base_url(), "acme", "viewer", "viewer-secret"));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(line(&checks, "role").state, CheckState::Warning);
    assert!(
        line(&checks, "role")
            .remedy
            .as_deref()
            .unwrap()
            .contains("Site Administrator Explorer")
    );
    assert_eq!(line(&checks, "metadata-api").state, CheckState::Warning);
    assert!(line(&checks, "metadata-api").detail.contains("hidden"));
}

#[tokio::test]
async fn a_wrong_secret_fails_at_its_line_and_skips_the_rest() {
    let running = start(SITE).await;
    let connector = connect_with(settings(running.base_url(), "acme", "tailwater", "wrong"));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(checks.len(), 9);
    assert_eq!(line(&checks, "sign-in").state, CheckState::Failed);
    assert_eq!(line(&checks, "rest-version").state, CheckState::Ok);
    assert_eq!(line(&checks, "projects").state, CheckState::Skipped);
    assert!(line(&checks, "projects").detail.contains("`sign-in`"));
}

#[tokio::test]
async fn a_metadata_api_that_is_off_fails_alone() {
    let running = start(SITE).await;
    running.set_switches(|switches| switches.metadata = MetadataAvailability::NotFound);
    let connector = connect_with(settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET));
    let checks = connector.check(&NoProgress).await;
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| check.state == CheckState::Failed)
        .map(|check| check.name)
        .collect();
    assert_eq!(failed, ["metadata-api"]);
    assert_eq!(line(&checks, "projects").state, CheckState::Ok);
}

#[tokio::test]
async fn a_host_that_is_not_tableau_or_not_there_is_named() {
    let running = start(SITE).await;
    running.set_switches(|switches| switches.not_tableau = true);
    let connector = connect_with(settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(line(&checks, "reachable").state, CheckState::Ok);
    assert_eq!(line(&checks, "tableau").state, CheckState::Failed);
    assert_eq!(line(&checks, "sign-in").state, CheckState::Skipped);

    let connector = connect_with(settings("http://127.0.0.1:9", "acme", "tailwater", TOKEN_SECRET));
    let checks = connector.check(&NoProgress).await;
    assert_eq!(line(&checks, "reachable").state, CheckState::Failed);
    assert!(checks[1..].iter().all(|check| check.state == CheckState::Skipped));
}
