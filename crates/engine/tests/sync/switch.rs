//! A sync under every switch of the simulator, between two good ones: nothing that was known is lost, what may be out of
//! date says since when and why, what failed says what and what to do, and the next good sync heals it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use futures::StreamExt as _;
use rstest::rstest;
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::exposure::Stale;
use tailwater_core::id::NodeId;
use tailwater_engine::Error;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::store::{SyncOutcome, SyncRecord};
use tailwater_engine::sync::{SyncOptions, SyncReport};
use tailwater_engine::workspace::Workspace;
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile, Switches};
use tokio_util::sync::CancellationToken;

use crate::acme::{Engine, SECRET};
use crate::stage::Bench;
use crate::switches;

/// What comes of a sync.
#[derive(Debug, Clone, Copy)]
enum Comes {
    /// All is read, as if nothing had been amiss.
    Whole,
    /// Something was not read: a notice with this code says so, and so many exposures are stale for a reason that holds
    /// these words.
    Partial(&'static str, Stales, &'static str),
    /// It fails with this code; the message names the cause by these words, and the hint the remedy by those.
    Fails(&'static str, &'static str, &'static str),
}
use Comes::{Fails, Partial, Whole};

#[derive(Debug, Clone, Copy)]
enum Stales {
    None,
    Some,
    All,
}

struct Case {
    name: &'static str,
    /// Switches by name, with their values.
    set: &'static [(&'static str, &'static str)],
    comes: Comes,
}

const fn case(name: &'static str, set: &'static [(&'static str, &'static str)], comes: Comes) -> Case {
    Case { name, set, comes }
}

/// No lineage at all can be read, for a reason that holds these words: all is kept, and marked.
const fn unread(code: &'static str, words: &'static str) -> Comes {
    Partial(code, Stales::All, words)
}

const ON_METADATA: (&str, &str) = ("faults_on", "metadata/graphql");
const SMALL: (&str, &str) = ("page_size_max", "3");
const FOR_EVER: &str = "1000000";
const LATER: &str = "Try again later";

const CASES: &[Case] = &[
    case("nothing", &[], Whole),
    // ---- the Metadata API ----
    case("the node limit cuts", &[("node_limit", "20")], Whole),
    case(
        "the node limit cuts everything",
        &[("node_limit", "1")],
        Partial("TW-TABLEAU-CUT-OFF", Stales::All, "cut the answer off"),
    ),
    case(
        "the node limit cuts to nulls",
        &[("node_limit", "20"), ("node_limit_nulls_out", "true")],
        Whole,
    ),
    case("too many queries", &[("rate_exceeded_times", "1")], Whole),
    case(
        "it is being filled",
        &[("backfill_running", "true")],
        Partial("TW-TABLEAU-BACKFILL", Stales::All, "still building its index"),
    ),
    case(
        "it is empty and being filled",
        &[("backfill_running", "true"), ("backfill_percent", "0")],
        Partial("TW-TABLEAU-BACKFILL", Stales::All, "still building its index"),
    ),
    case("it has no time for pages", &[("time_limit_page", "1")], Whole),
    case(
        "it has no time for anything",
        &[("time_limit_page", "0")],
        Partial("TW-TABLEAU-CUT-OFF", Stales::All, "ran out of time"),
    ),
    case(
        "it refuses the session once",
        &[("sporadic_unauthorized_times", "1")],
        Whole,
    ),
    case("it fails once", &[("unexpected_error_times", "1")], Whole),
    case(
        "it is off",
        &[("metadata", "feature-disabled")],
        unread("TW-TABLEAU-METADATA-OFF", "FEATURE_DISABLED"),
    ),
    case(
        "it is off for the site",
        &[("metadata", "site-disabled")],
        unread("TW-TABLEAU-METADATA-OFF", "SITE_DISABLED"),
    ),
    case(
        "a proxy does not know it",
        &[("metadata", "not-found")],
        unread("TW-TABLEAU-METADATA-OFF", "404"),
    ),
    case(
        "a page comes in its place",
        &[("not_tableau", "true"), ON_METADATA],
        unread("TW-TABLEAU-METADATA-OFF", "a page came"),
    ),
    case(
        "it fails",
        &[("server_error_times", FOR_EVER), ON_METADATA],
        unread("TW-HTTP-SERVER", "500"),
    ),
    case(
        "a gateway's page in its place",
        &[
            ("server_error_times", FOR_EVER),
            ("server_error_status", "503"),
            ON_METADATA,
        ],
        unread("TW-HTTP-SERVER", "503"),
    ),
    case(
        "it fails inside",
        &[("unexpected_error_times", FOR_EVER)],
        unread("TW-TABLEAU-METADATA", "Unexpected error"),
    ),
    case(
        "it points elsewhere",
        &[("redirect_to", "http://localhost:9"), ON_METADATA],
        unread("TW-HTTP-REDIRECT", "http://localhost:9"),
    ),
    case(
        "it forbids",
        &[("metadata", "forbidden")],
        unread("TW-TABLEAU-METADATA-FORBIDDEN", "403004"),
    ),
    case(
        "it refuses every session",
        &[("metadata", "unauthorized")],
        unread("TW-TABLEAU-METADATA-FORBIDDEN", "401002"),
    ),
    case(
        "it knows no session",
        &[("metadata", "unauthenticated")],
        unread("TW-TABLEAU-METADATA-FORBIDDEN", "status 401"),
    ),
    case(
        "its permissions changed",
        &[("permissions_mode_switched", "true")],
        Whole,
    ),
    case("it is late", &[("index_lag_seconds", "600")], Whole),
    case(
        "it answers long lists of ids with nothing",
        &[("empty_body_from_ids", "2")],
        Whole,
    ),
    case("it has small pages", &[("metadata_page_size_max", "1")], Whole),
    case(
        "it cuts in silence",
        &[
            ("metadata_page_size_max", "1"),
            ("nested_page_cut_is_silent", "true"),
        ],
        Whole,
    ),
    case(
        "it does not know a field",
        &[(
            "unknown_fields",
            r#"["Workbook.projectLuid", "TableauUser.email"]"#,
        )],
        Whole,
    ),
    case(
        "a page by cursor comes twice",
        &[("metadata_page_size_max", "1"), ("cursor", "page-repeated")],
        Partial("TW-TABLEAU-LINEAGE-PARTIAL", Stales::All, "twice"),
    ),
    case(
        "a page by cursor is left out",
        &[("metadata_page_size_max", "1"), ("cursor", "page-left-out")],
        Partial("TW-TABLEAU-LINEAGE-PARTIAL", Stales::All, "fewer entries"),
    ),
    case(
        "a cursor stands still",
        &[("metadata_page_size_max", "1"), ("cursor", "stands-still")],
        Partial("TW-TABLEAU-LINEAGE-PARTIAL", Stales::All, "do not go on"),
    ),
    // ---- lists ----
    case("small pages", &[("page_size_max", "1")], Whole),
    case("lists in any order", &[("unstable_order", "true"), SMALL], Whole),
    case(
        "a page comes twice",
        &[("repeated_page", "2"), SMALL],
        Partial(
            "TW-TABLEAU-LIST-PARTIAL",
            Stales::Some,
            "the list of workbooks was incomplete",
        ),
    ),
    case(
        "a page is missing",
        &[("missing_page", "2"), SMALL],
        Partial(
            "TW-TABLEAU-LIST-PARTIAL",
            Stales::Some,
            "of 7 workbooks were told",
        ),
    ),
    case(
        "the first page is missing",
        &[("missing_page", "1"), SMALL],
        Partial("TW-TABLEAU-LIST-PARTIAL", Stales::All, "were told"),
    ),
    case(
        "the total shrinks under way",
        &[("total_drift", "-3"), SMALL],
        Partial("TW-TABLEAU-LIST-PARTIAL", Stales::None, ""),
    ),
    case(
        "a page fails",
        &[
            ("server_error_times", FOR_EVER),
            ("faults_on", "pageNumber=2"),
            SMALL,
        ],
        Partial(
            "TW-TABLEAU-LIST-PARTIAL",
            Stales::Some,
            "a page could not be read",
        ),
    ),
    // ---- limits ----
    case(
        "throttled for a moment",
        &[("throttled_times", "1"), ("throttled_minutes", "0")],
        Whole,
    ),
    case(
        "throttled for a moment, by header",
        &[("throttled_times", "1"), ("retry_after_seconds", "1")],
        Whole,
    ),
    case(
        "throttled for long, in words alone",
        &[("throttled_times", FOR_EVER), ("throttled_minutes", "29")],
        Fails("TW-HTTP-THROTTLED", "wait 1740 s", "Wait for the time named"),
    ),
    // ---- the session ----
    case("a session that ends once", &[("session_lost_times", "1")], Whole),
    case(
        "a token that keeps being stolen",
        &[("session_lost_times", FOR_EVER)],
        Fails(
            "TW-TABLEAU-SESSION-STOLEN",
            "another sign-in",
            "Make a token that nothing else uses",
        ),
    ),
    // ---- the server and the way to it ----
    case("an error that passes", &[("server_error_times", "2")], Whole),
    case(
        "a gateway's page that passes",
        &[("server_error_times", "1"), ("server_error_status", "503")],
        Whole,
    ),
    case(
        "a gateway's page that stays",
        &[("server_error_times", FOR_EVER), ("server_error_status", "503")],
        Fails("TW-HTTP-SERVER", "503", LATER),
    ),
    case("slow", &[("delay_milliseconds", "20")], Whole),
    case("an answer is cut", &[("cut_answer_times", "1")], Whole),
    case(
        "every answer is cut",
        &[("cut_answer_times", FOR_EVER)],
        Fails("TW-HTTP-INTERRUPTED", "broke off", LATER),
    ),
    case("answers are reset", &[("reset_answer_times", "2")], Whole),
    case(
        "every answer is reset",
        &[("reset_answer_times", FOR_EVER)],
        Fails("TW-HTTP-INTERRUPTED", "broke off", LATER),
    ),
    case(
        "byte by byte",
        &[("drip_milliseconds", "1"), ("faults_on", "/projects")],
        Whole,
    ),
    case(
        "an answer without an end",
        &[("endless_answer_times", "1"), ("faults_on", "/projects")],
        Fails("TW-HTTP-TOO-LARGE", "larger than", "Check that the address"),
    ),
    case(
        "pointed to another path",
        &[("redirect_to", "/moved"), ("faults_on", "/sites/")],
        Whole,
    ),
    case(
        "pointed to another path, with the method",
        &[("redirect_to", "/moved"), ("redirect_status", "307")],
        Whole,
    ),
    case(
        "pointed to another host",
        &[("redirect_to", "http://localhost:9")],
        Fails(
            "TW-HTTP-REDIRECT",
            "http://localhost:9",
            "Redirects to other hosts are not followed",
        ),
    ),
    case(
        "not Tableau",
        &[("not_tableau", "true")],
        Fails(
            "TW-TABLEAU-NOT-TABLEAU",
            "a page with status 200",
            "the browser shows",
        ),
    ),
    case(
        "not Tableau, and nothing there",
        &[("not_tableau", "true"), ("not_tableau_status", "404")],
        Fails(
            "TW-TABLEAU-NOT-TABLEAU",
            "a page with status 404",
            "the browser shows",
        ),
    ),
    case(
        "nothing listens",
        &[("connection_refused", "true")],
        Fails(
            "TW-HTTP-UNREACHABLE",
            "cannot be reached",
            "Check the server's address",
        ),
    ),
    case("an old version", &[("rest_version", "3.6")], Whole),
    case(
        "too old a version",
        &[("rest_version", "2.8")],
        Fails("TW-TABLEAU-TOO-OLD", "2.8", "Upgrade"),
    ),
    case(
        "a clock that is behind",
        &[("clock_skew_seconds", "-10800")],
        Whole,
    ),
    case("a clock that is ahead", &[("clock_skew_seconds", "10800")], Whole),
    // ---- of no matter for a sync ----
    case(
        "refreshes and jobs are in trouble",
        &[
            ("refreshes_per_hour", "0"),
            ("refresh_answer_lost_times", "9"),
            ("refresh_error_after_times", "9"),
            ("refresh_delay_milliseconds", "60000"),
            ("session_stolen_times", "9"),
            ("run_now_disabled", "true"),
            ("job_list_lag_seconds", "60"),
            ("jobs_hidden", "true"),
        ],
        Whole,
    ),
    case(
        "webhooks are delivered, which nobody registered",
        &[("webhooks_to", "http://127.0.0.1:9"), ("webhook_copies", "2")],
        Whole,
    ),
];

/// Seven workbooks: on tables, on custom SQL, and on a published data source.
async fn site() -> Running {
    let mut text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        email = "ada@acme.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.connection]]
        key = "shop"
        class = "genericjdbc"
        server = "warehouse"
        database = "shop"
        [[site.datasource]]
        name = "Payments"
        connection = "shop"
        tables = ["marts.fct_payments"]
        project = "Sales"
        "#
    );
    let books = [
        ("Orders", r#"connection = "shop", tables = ["marts.fct_orders"]"#),
        (
            "Customers",
            r#"connection = "shop", tables = ["staging.customers"]"#,
        ),
        ("Stray", r#"connection = "shop", tables = ["elsewhere.unknown"]"#),
        ("Shared", r#"published = "Payments""#),
        ("Sql one", SQL),
        ("Sql two", SQL),
        ("Sql three", SQL),
    ];
    for (name, source) in books {
        let _ = writeln!(
            text,
            "[[site.workbook]]\nname = \"{name}\"\nproject = \"Sales\"\ndatasources = [{{ {source} }}]"
        );
    }
    let file = SiteFile::from_toml(&text).expect("a site file");
    Simulator::start(file, Options::default())
        .await
        .expect("a simulator")
}

const SQL: &str = r#"connection = "shop", custom_sql = [{ query = "select order_id from shop.marts.fct_orders", tables = ["marts.fct_orders"] }]"#;

/// What is known of each exposure by its name: the nodes, and what makes it stale.
type Known = BTreeMap<String, (BTreeSet<NodeId>, Option<Stale>)>;

async fn known(workspace: &Workspace) -> Known {
    let rows = workspace.store().load_exposures(None).await.expect("exposures");
    let known = rows.into_iter().map(|row| {
        let exposure = row.exposure;
        (exposure.name, (exposure.depends_on, exposure.stale))
    });
    known.collect()
}

fn links(known: &Known) -> BTreeMap<&str, &BTreeSet<NodeId>> {
    known
        .iter()
        .map(|(name, (nodes, _))| (name.as_str(), nodes))
        .collect()
}

async fn sync(workspace: &Workspace, is_full: bool) -> Result<SyncReport, Error> {
    let options = SyncOptions {
        is_full,
        ..SyncOptions::default()
    };
    workspace
        .sync(&"main".into(), options, &NoProgress, &CancellationToken::new())
        .await
}

async fn last_record(workspace: &Workspace) -> SyncRecord {
    let mut history = workspace.store().syncs(None, 1).await.expect("the history");
    history.remove(0)
}

/// A good sync, one under the case, and a good one; says what went other than it should.
async fn play(case: &Case, engine: Engine) -> Vec<String> {
    let simulator = site().await;
    let bench = Bench::on(&simulator, engine);
    let workspace = bench.open().await;
    let first = sync(&workspace, true).await.expect("a good sync");
    let before = known(&workspace).await;
    let first_at = last_record(&workspace).await.finished_at;
    assert_eq!((first.added.len(), first.outcome), (7, SyncOutcome::Changed));
    assert_eq!(
        links(&before).values().filter(|nodes| nodes.is_empty()).count(),
        1
    );

    simulator.set_switches(|switches| {
        for (name, value) in case.set {
            switches.set(&format!("{name}={value}")).expect("a switch");
        }
    });
    let synced = sync(&workspace, true).await;
    let during = known(&workspace).await;
    let record = last_record(&workspace).await;
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, what: String| {
        if !is_right {
            wrong.push(format!("{}: {what}", case.name));
        }
    };
    check(
        links(&during) == links(&before),
        format!("known before {:?}, now {:?}", links(&before), links(&during)),
    );
    match (case.comes, &synced) {
        (Whole, Ok(report)) => {
            check(
                matches!(report.outcome, SyncOutcome::Unchanged | SyncOutcome::Changed),
                format!("{:?}, notices {:?}", report.outcome, report.notices),
            );
            check(
                during.values().all(|(_, stale)| stale.is_none()),
                format!("{during:?}"),
            );
        }
        (Partial(notice, stales, words), Ok(report)) => {
            check(
                report.outcome == SyncOutcome::Partial && record.outcome == SyncOutcome::Partial,
                format!("{:?}, {:?}", report.outcome, record.outcome),
            );
            let told = report.notices.iter().find(|told| told.code == notice);
            check(
                told.is_some_and(|told| told.remedy.is_some()),
                format!("notices {:?}", report.notices),
            );
            check(report.removed.is_empty(), format!("removed {:?}", report.removed));
            let stale: Vec<&Stale> = during.values().filter_map(|(_, stale)| stale.as_ref()).collect();
            let is_right = match stales {
                Stales::None => stale.is_empty(),
                Stales::Some => !stale.is_empty() && stale.len() < during.len(),
                // An exposure under which nothing is known has nothing that could be out of date.
                Stales::All => stale.len() == during.len(),
            };
            // What is stored in a column of its own is kept to the microsecond.
            let since = |stale: &&&Stale| {
                stale.since.timestamp_micros() == first_at.timestamp_micros() && stale.reason.contains(words)
            };
            check(
                is_right && stale.iter().filter(since).count() == stale.len(),
                format!("stale {stale:?}, first synced {first_at}"),
            );
        }
        (Fails(code, cause, remedy), Err(error)) => {
            let hint = error.hint().unwrap_or_default();
            check(
                error.code() == code && error.to_string().contains(cause) && hint.contains(remedy),
                format!("{}: {error}\nhint: {hint}", error.code()),
            );
            check(during == before, format!("{during:?}"));
            let kept = record.error.as_ref().map(|error| error.code.as_str());
            check(
                record.outcome == SyncOutcome::Failed && kept == Some(code),
                format!("recorded {:?} {kept:?}", record.outcome),
            );
        }
        (comes, Ok(report)) => check(
            false,
            format!(
                "expected {comes:?}, but {:?}, {:?}",
                report.outcome, report.notices
            ),
        ),
        (comes, Err(error)) => check(
            false,
            format!("expected {comes:?}, but {}: {error}", error.code()),
        ),
    }

    simulator.set_switches(|switches| *switches = Switches::default());
    match sync(&workspace, false).await {
        Ok(report) => check(
            matches!(report.outcome, SyncOutcome::Unchanged | SyncOutcome::Changed)
                && known(&workspace).await == before,
            format!("not healed: {:?} {:?}", report.outcome, report.kept),
        ),
        Err(error) => check(false, format!("not healed: {error}")),
    }
    workspace.close().await;
    wrong
}

async fn play_all(cases: impl Iterator<Item = &'static Case>, engine: Engine) {
    let wrong: Vec<String> = futures::stream::iter(cases)
        .map(|case| play(case, engine))
        .buffer_unordered(6)
        .concat()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_switch_comes_to_what_the_table_says() {
    play_all(CASES.iter(), Engine::Sqlite).await;
}

/// One case of each kind.
#[rstest]
#[case("a page is missing")]
#[case("it is empty and being filled")]
#[case("every answer is reset")]
#[case("a session that ends once")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_the_same_on_postgres(#[case] name: &str) {
    let case = CASES.iter().find(|case| case.name == name).expect("a case");
    play_all(std::iter::once(case), Engine::Postgres).await;
}

#[test]
fn every_switch_is_in_the_table() {
    switches::assert_all_are_in(CASES.iter().flat_map(|case| case.set));
}
