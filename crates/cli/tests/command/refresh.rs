//! Refreshing after a build: what is said, what is asked for, what of it is told.

use serde_json::Value;
use tailwater_tableau_sim::site_file::SiteBuilder;

use crate::scene::{Site, demo};

/// How many targets came to what.
fn counts(answer: &Value) -> [u64; 5] {
    ["refreshed", "under_way", "skipped", "held", "failed"]
        .map(|word| answer["counts"][word].as_u64().unwrap())
}

/// The answer of a command that ends well or with failures that it lists.
#[track_caller]
fn answer(site: &Site, arguments: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let ended = site.scene.run(&all);
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:#?}");
    serde_json::from_str(&ended.output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_followed_once_and_only_when_it_is_enabled() {
    let mut site = Site::imported().await;
    site.scene = site.scene.with_variable("TAILWATER_REFRESH__POLL_SECONDS", "1");
    site.scene.tell(&["sync", "main"]);
    // The demo's build is older than its extracts: this one came a day later.
    let later = |name: &str| {
        let text = std::fs::read_to_string(demo().join("dbt/target").join(name)).unwrap();
        let text = text.replace("2026-01-15T06", "2026-01-16T06");
        site.scene.write(&format!("later/{name}"), &text)
    };
    later("manifest.json");
    later("run_results.json");
    let follow = ["refresh", "--artifacts", "later"];

    // Nothing is enabled.
    let off = answer(&site, &follow);
    let all = off["targets"].as_array().unwrap().len() as u64;
    assert!(all > 0);
    assert_eq!(counts(&off), [0, 0, all, 0, 0], "{off:#}");
    let told = site.scene.tell(&[&follow[..], &["--dry-run"]].concat());
    assert!(told.contains("DBT_ACTIVE_EXPOSURES=1"), "{told}");

    let set = [
        "policy",
        "set",
        "--integration=main",
        "--enabled=true",
        "--interval=0",
    ];
    site.scene.tell(&set);
    let said = site.scene.tell_json(&["policy", "list"]);
    assert_eq!(said[0]["of"], "integration/main");

    // A dry run stores and asks nothing.
    let dry = answer(&site, &[&follow[..], &["--dry-run"]].concat());
    let [to_refresh, ..] = counts(&dry);
    assert!(to_refresh > 0, "{dry:#}");
    assert_eq!(
        site.scene.tell_json(&["refreshes"])["refreshes"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );

    let done = answer(&site, &[&follow[..], &["--wait"]].concat());
    let [refreshed, under_way, _, held, failed] = counts(&done);
    assert_eq!(refreshed + failed, to_refresh, "{done:#}");
    assert_eq!(under_way, 0);
    assert_eq!(held, counts(&dry)[3]);
    assert!(refreshed > 0);

    // What was refreshed is not due any more.
    let again = answer(&site, &[&follow[..], &["--dry-run"]].concat());
    assert_eq!(counts(&again)[0], failed, "{again:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_an_exposure_need_not_wait_for_a_build() {
    let site = Site::imported().await;
    site.scene.tell(&["sync", "main"]);
    let named = answer(&site, &["refresh", "Payments", "--dry-run"]);
    assert!(!named["targets"].as_array().unwrap().is_empty());
    let explained = site.scene.tell_json(&["policy", "explain", "Payments"]);
    assert_eq!(explained[0]["policy"]["enabled"], false);

    let unknown = site.scene.run(&["--json", "refresh", "Paymets"]);
    assert_eq!(unknown.code, Some(2));
    assert_eq!(unknown.error()["code"], "TW-REFRESH-TARGET-UNKNOWN");
    let nonsense = ["--json", "policy", "set", "--integration=main", "--timezone=Mars"];
    assert_eq!(site.scene.run(&nonsense).error()["code"], "TW-POLICY-INVALID");
}

/// A misspelt name in the file would be obeyed by nobody, and nobody would know.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_in_the_file_that_applies_to_nothing_is_told() {
    let site = Site::start().await;
    let policies = [
        ("integration = 'mein'", "there is no integration `mein`", "`main`"),
        (
            "integration = 'main'\ncollection = 'Finanse'",
            "the integration `main` has no collection `Finanse`",
            "`Finance`",
        ),
        ("project = 'shpo'", "there is no project `shpo`", "`shop`"),
        (
            "project = 'shop'\nenvironment = 'staging'",
            "the project `shop` has no environment `staging`",
            "`production`",
        ),
        (
            "exposure = 'Monthly reprot'",
            "there is no exposure `Monthly reprot`",
            "`Monthly report`",
        ),
    ];
    let good = [
        "integration = 'main'\ncollection = 'Finance/Monthly'",
        "integration = 'main'",
        "exposure = 'Payments'",
        "exposure = 'exposure.shop.logistics'",
        "project = 'shop'",
    ];
    let all = policies.iter().map(|(policy, ..)| policy).chain(&good);
    let sections: Vec<String> = all
        .map(|policy| format!("[[refresh.policy]]\n{policy}\ninterval_minutes = 5\n"))
        .collect();
    let sections = sections.join("\n");
    let settings = format!(
        "\n{sections}\n[[job]]\nname = 'nightly'\nproject = 'shop'\ndirectory = '.'\nsteps = ['dbt build']\n\
         variables = {{ DBT_ACTIVE_EXPOSURES = '1' }}\n"
    );
    site.declare(&settings);

    let complaints = || {
        let complaints = site.scene.run(&["policy", "list"]).complaints;
        // Long lines are wrapped.
        complaints.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // What a site has is not known before its first sync.
    let early = complaints();
    assert!(early.contains("no integration `mein`"), "{early}");
    assert!(!early.contains("Finanse") && !early.contains("reprot"), "{early}");

    site.scene.tell(&["sync", "main"]);
    let told = complaints();
    assert_eq!(
        told.matches("applies to nothing").count(),
        policies.len(),
        "{told}"
    );
    let doctor = site.scene.run(&["doctor", "--json"]);
    let doctor: Value = serde_json::from_str(&doctor.output).unwrap();
    let sections = doctor["sections"].as_array().unwrap();
    let refreshing = sections.iter().find(|section| section["name"] == "refreshing");
    let findings = refreshing.unwrap()["findings"].as_array().unwrap();
    assert_eq!(findings.len(), policies.len(), "{findings:#?}");
    for ((_, problem, near), finding) in policies.iter().zip(findings) {
        assert!(told.contains(problem) && told.contains(near), "{problem}: {told}");
        let (detail, remedy) = (&finding["detail"], &finding["remedy"]);
        assert!(detail.as_str().unwrap().contains(problem), "{finding}");
        assert!(remedy.as_str().unwrap().contains(near), "{finding}");
        assert_eq!(finding["state"], "warning");
    }

    // What a job's variables say is shown, as what holds while it runs.
    let explained = site.scene.tell_json(&["policy", "explain", "Best sellers"]);
    assert_eq!(explained[0]["policy"]["enabled"], true, "{explained:#}");
    assert_eq!(explained[0]["sources"]["enabled"]["job"], "nightly");
    let dry = answer(&site, &["refresh", "--dry-run"]);
    // A command that builds nothing for the job is not the job.
    let [to_refresh, ..] = counts(&dry);
    assert_eq!(to_refresh, 0, "{dry:#}");
}

/// Who leaves does not end what Tableau does, and is told so; a script sees that it was left.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_what_goes_on() {
    use std::process::Stdio;

    let file = SiteBuilder::new("acme")
        .workbook("Finance", "Payments", &["MARTS.PAYMENTS"])
        .change(|site| {
            let payments = &mut site.workbooks[0];
            payments.datasources[0].extract = true;
            payments.refresh.seconds = 3_600;
        })
        .build();
    let site = Site::built(file).await;
    site.scene.tell(&["collections", "main", "select", "**"]);
    let planned = answer(&site, &["refresh", "Payments", "--dry-run"]);
    assert_eq!(counts(&planned)[0], 1, "{planned:#}");
    let child = site
        .scene
        .command(&["refresh", "Payments", "--wait", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    // It takes an hour.
    while site.running.refresh_jobs().is_empty() {
        assert!(std::time::Instant::now() < until, "nothing was sent");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let ended = child.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{complaints}");
    assert!(complaints.contains("goes on"), "{complaints}");
    let answer: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(counts(&answer)[1], 1, "{answer:#}");
}
