//! Runs of jobs and refreshes: their lists, their pages, what is live, and names of people who mean harm.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode};
use chrono::TimeDelta;
use serde_json::json;
use tailwater_core::id::NodeId;
use tailwater_core::job::{Job, JobRun, JobRunCause, NodeRunSummary, StepRun, StepState};
use tailwater_core::refresh::{
    Hold, RefreshCause, RefreshOrigin, RefreshOutcome, RefreshRecord, Skip, TargetId, TargetKind, Verdict,
};
use tailwater_core::run::RunStatus;
use tailwater_engine::refresh::Refresher;
use tailwater_engine::store::{RefreshAsk, new_job_run_id, new_refresh_id};

use crate::hostile::attacks;
use crate::scene::Scene;

pub fn job(name: &str) -> Job {
    serde_json::from_value(json!({
        "name": name, "project": "shop", "directory": "/srv/shop", "steps": ["dbt deps", "dbt build"],
    }))
    .unwrap()
}

/// A run that was claimed and has built two nodes, one of which failed.
pub async fn started(scene: &Scene, job: &Job, text: &str) -> JobRun {
    let store = scene.workspace.store();
    let now = scene.workspace.clock().now();
    let queued = JobRun::queued(
        new_job_run_id(now),
        job,
        JobRunCause::ByHand,
        Some(text.to_owned()),
        now,
    );
    store.enqueue_job_run(&queued).await.unwrap();
    let minute = std::time::Duration::from_mins(1);
    let claim = store.claim_job_run("node-1", minute).await.unwrap().unwrap();
    let mut run = claim.run.clone();
    run.message = Some(text.to_owned());
    run.steps = vec![StepRun::waiting("dbt deps"), StepRun::waiting(text)];
    run.steps[0].state = StepState::Succeeded;
    run.steps[0].started_at = Some(now - TimeDelta::seconds(20));
    run.steps[0].ended_at = Some(now - TimeDelta::seconds(12));
    run.steps[1].state = StepState::Running;
    run.steps[1].started_at = Some(now - TimeDelta::seconds(12));
    run.steps[1].message = Some(text.to_owned());
    let node = |id: String, status: Option<RunStatus>, from: i64, until: Option<i64>| NodeRunSummary {
        unique_id: NodeId::new(id),
        step: 1,
        status,
        started_at: Some(now - TimeDelta::seconds(from)),
        ended_at: until.map(|until| now - TimeDelta::seconds(until)),
        seconds: None,
        message: Some(text.to_owned()),
    };
    let nodes = [
        node(
            "model.shop.fct_orders".to_owned(),
            Some(RunStatus::Success),
            11,
            Some(5),
        ),
        node(format!("model.shop.{text}"), Some(RunStatus::Error), 11, Some(9)),
        node("model.shop.dim_customers".to_owned(), None, 4, None),
    ];
    for node in nodes.iter().filter_map(|node| node.status.as_ref()) {
        run.nodes.add(node);
    }
    assert!(store.note_job_run(&claim, &run, &nodes).await.unwrap());
    run
}

/// Lands a decision as it is.
pub async fn asked(
    scene: &Scene,
    id: &str,
    name: &str,
    run: Option<&JobRun>,
    verdict: Verdict,
) -> RefreshRecord {
    let now = scene.workspace.clock().now();
    let outcome = match &verdict {
        Verdict::Skip { .. } => RefreshOutcome::Skipped,
        Verdict::Hold { .. } => RefreshOutcome::Held,
        _ => RefreshOutcome::Queued,
    };
    let record = RefreshRecord {
        id: new_refresh_id(now),
        target: TargetId {
            integration: "main".into(),
            kind: TargetKind::Workbook,
            id: id.to_owned(),
        },
        name: name.to_owned(),
        exposures: vec![
            "exposure.shop.payments".into(),
            NodeId::new(format!("exposure.shop.{name}")),
        ],
        origin: RefreshOrigin {
            cause: RefreshCause::Job,
            project: Some("shop".into()),
            environment: None,
            invocation_id: Some(name.to_owned()),
            job_run: run.map(|run| run.id.to_string()),
            by: Some(name.to_owned()),
        },
        verdict,
        outcome,
        asked_at: now,
        sent_at: None,
        tool_job: Some(name.to_owned()),
        started_at: None,
        finished_at: outcome.is_over().then_some(now),
        code: Some("TW-REFRESH-CANCELLED".to_owned()),
        message: Some(name.to_owned()),
        hint: Some(name.to_owned()),
    };
    let ask = RefreshAsk {
        record: record.clone(),
        site: "shop".to_owned(),
        at_once: 4,
        per_hour: None,
        interval: TimeDelta::hours(1),
        ignores_interval: false,
    };
    scene.workspace.store().ask_refreshes(vec![ask]).await.unwrap();
    record
}

pub fn due() -> Verdict {
    Verdict::Refresh {
        because: vec!["model.shop.fct_orders".into()],
        not_before: None,
        incremental: false,
        priority: 50,
        deadline: None,
    }
}

#[tokio::test]
async fn without_any_the_lists_say_what_brings_some() {
    let scene = Scene::empty().await;
    assert!(scene.page("/runs").await.contains("No job has run yet"));
    assert!(
        scene
            .page("/refreshes")
            .await
            .contains("tailwater refresh --artifacts")
    );
    for unknown in ["/runs/none", "/refreshes/none"] {
        assert_eq!(
            scene.get(unknown).await.status,
            StatusCode::NOT_FOUND,
            "{unknown}"
        );
    }
    for nonsense in [
        "/runs?state=odd",
        "/runs?before=odd",
        "/refreshes?state=odd",
        "/refreshes?before=odd",
    ] {
        assert_eq!(
            scene.get(nonsense).await.status,
            StatusCode::BAD_REQUEST,
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn a_run_shows_steps_nodes_and_refreshes_on_one_axis_and_is_live() {
    let scene = Scene::demo().await;
    let run = started(&scene, &job("nightly"), "dbt build").await;
    let refresh = asked(&scene, "w1", "Payments", Some(&run), due()).await;
    let held = Verdict::Hold {
        reasons: vec![Hold::TestFailed {
            test: "test.shop.not_null_orders_id.cf6c17daed".into(),
            node: "model.shop.fct_orders".into(),
        }],
    };
    asked(&scene, "w2", "Finance", Some(&run), held).await;

    let list = scene.page("/runs").await;
    assert!(list.contains("nightly") && list.contains("data-poll"), "{list}");
    let page = scene.page(&format!("/runs/{}", run.id)).await;
    assert!(page.contains("data-poll=\"1500\""));
    let picture = &page[page.find("<svg aria-hidden").unwrap()..];
    let picture = &picture[..picture.find("</svg>").unwrap()];
    for word in [
        "Steps",
        "Nodes",
        "Refreshes",
        "fct_orders",
        "Payments",
        "dbt deps",
    ] {
        assert!(picture.contains(word), "{word}: {picture}");
    }
    assert!(!picture.contains("Finance"), "what was held took no time");
    assert!(page.contains("held (test not_null_orders_id failed)"));
    assert!(page.contains(&format!("/refreshes/{}", refresh.id)));
    let failed = page.find("model.shop.dbt build").unwrap();
    let good = page.rfind("fct_orders").unwrap();
    assert!(failed < good, "what failed comes first");

    let refreshes = scene.page("/refreshes?state=held").await;
    assert!(refreshes.contains("Finance"));
    assert!(!refreshes.contains(&format!("/refreshes/{}", refresh.id)));
    let of_run = scene.page(&format!("/refreshes?run={}", run.id)).await;
    assert!(of_run.contains("Finance") && of_run.contains("Payments"));
    let one = scene.page(&format!("/refreshes/{}", refresh.id)).await;
    assert!(one.contains("Rebuilt with success") && one.contains(&format!("/runs/{}", run.id)));
    let history = scene.page("/exposures/exposure.shop.payments/refreshes").await;
    assert!(history.contains(&format!("/refreshes/{}", refresh.id)));
    assert!(scene.page("/").await.contains("Last runs"));
}

#[tokio::test]
async fn an_older_page_begins_behind_the_newer() {
    let scene = Scene::empty().await;
    let store = scene.workspace.store();
    let now = scene.workspace.clock().now();
    for number in 0..60 {
        let at = now + TimeDelta::seconds(number);
        let run = JobRun::queued(
            new_job_run_id(at),
            &job(&format!("job-{number}")),
            JobRunCause::Api,
            None,
            at,
        );
        store.enqueue_job_run(&run).await.unwrap();
    }
    let page = scene.page("/runs").await;
    assert!(page.contains(">job-59<") && !page.contains(">job-9<"));
    let start = page.find("before=").unwrap();
    let place = page[start..].split('"').next().unwrap();
    let older = scene.page(&format!("/runs?{place}")).await;
    assert!(older.contains(">job-9<") && older.contains(">job-0<") && !older.contains(">job-10<"));
    assert!(
        scene
            .page("/runs?state=running")
            .await
            .contains("There is no such run")
    );
    assert_eq!(scene.page("/runs?job=job-7").await.matches(">job-7<").count(), 1);
}

#[tokio::test]
async fn names_and_words_that_mean_harm_stay_words() {
    let scene = Scene::empty().await;
    let mut pages = vec!["/runs".to_owned(), "/refreshes".to_owned(), "/".to_owned()];
    for (number, attack) in attacks().into_iter().enumerate() {
        // A job's name is checked where it is made; a store may hold any.
        let run = started(&scene, &job(&format!("job{number}{attack}")), &attack).await;
        pages.push(format!("/runs/{}", run.id));
        let skip = Verdict::Skip {
            reason: Skip::NotRefreshable {
                because: attack.clone(),
            },
        };
        for (kind, verdict) in [("a", due()), ("b", skip)] {
            let refresh = asked(&scene, &format!("{kind}{number}"), &attack, Some(&run), verdict).await;
            pages.push(format!("/refreshes/{}", refresh.id));
        }
    }
    for page in pages {
        let text = scene.page(&page).await;
        assert!(
            !text.contains("<script>alert") && !text.contains("<img src=x"),
            "{page}"
        );
        assert!(
            !text.contains("<svg onload") && !text.contains("--><!--"),
            "{page}"
        );
        assert!(text.len() < 900_000, "{page}: {} bytes", text.len());
    }
}

#[tokio::test]
async fn a_run_lists_its_artifacts_and_gives_them_out_under_their_own_names() {
    let scene = Scene::empty().await;
    let run = started(&scene, &job("nightly"), "dbt build").await;
    let archive = scene.workspace.archive().unwrap();
    let key = |file: &str| format!("job-runs/{}/steps/0/{file}", run.id);
    // More than goes out at once.
    let large = format!("{{\"nodes\": \"{}\"}}", "n".repeat(2_500_000));
    archive
        .put(&key("manifest.json"), large.clone().into_bytes())
        .await
        .unwrap();
    archive
        .put(&key("run_results.json"), b"{}".to_vec())
        .await
        .unwrap();
    // What somebody else put there has no name that is given out.
    archive.put(&key("a b\"c.json"), b"{}".to_vec()).await.unwrap();

    let page = scene.page(&format!("/runs/{}", run.id)).await;
    let address = format!("/api/v1/runs/{}/artifacts/0/manifest.json", run.id);
    assert!(page.contains(&format!("href=\"{address}\"")) && page.contains("2.5 MB"));
    assert!(page.contains("run_results.json") && !page.contains("a b"));
    let whole = scene
        .api(
            Method::GET,
            &format!("/api/v1/runs/{}", run.id),
            None,
            Body::empty(),
        )
        .await;
    let whole: serde_json::Value = serde_json::from_str(&whole.body).unwrap();
    assert_eq!(
        whole["artifacts"],
        json!([
            {"step": 0, "file": "manifest.json", "bytes": large.len(), "path": address},
            {"step": 0, "file": "run_results.json", "bytes": 2, "path": address.replace("manifest", "run_results")},
        ])
    );
    let answer = scene.get(&address).await;
    assert_eq!((answer.status, answer.body == large), (StatusCode::OK, true));
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(
        answer.headers["content-disposition"],
        "attachment; filename=\"manifest.json\""
    );
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    for nothing in [
        "0/catalog.json",
        "1/manifest.json",
        "00/manifest.json",
        "-1/manifest.json",
        "0/..%2F0%2Fmanifest.json",
        "0/%2E%2E",
        "0/a%20b%22c.json",
        "x/manifest.json",
    ] {
        let answer = scene
            .get(&format!("/api/v1/runs/{}/artifacts/{nothing}", run.id))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
    }
    let answer = scene.get("/api/v1/runs/none/artifacts/0/manifest.json").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_live_says_what_can_be_done_now() {
    let scene = Scene::empty().await;
    let run = started(&scene, &job("nightly"), "dbt build").await;
    let address = format!("/runs/{}", run.id);
    let request = scene
        .request(Method::GET, &address)
        .header("x-fragment", "run")
        .body(Body::empty());
    let part = scene.send(request.unwrap()).await.body;
    assert!(part.starts_with("<div id=\"run\"") && !part.contains("<html"));
    let actions = &part[part.find("id=\"actions\" data-along").expect("what can be done")..];
    assert!(actions.contains("Cancel") && !actions.contains("Run again"));
    // What is spoken does not change with each second that passes.
    let said = &part[part.find("data-say").unwrap()..];
    let said = &said[..said.find("</span></span>").unwrap()];
    assert!(said.contains("Running") && !said.contains("took"), "{said}");
}

#[tokio::test]
async fn figures_tell_of_queues_and_of_what_this_process_sends() {
    let scene = Scene::empty().await;
    let store = scene.workspace.store();
    let now = scene.workspace.clock().now();
    let queued = JobRun::queued(new_job_run_id(now), &job("nightly"), JobRunCause::Api, None, now);
    store.enqueue_job_run(&queued).await.unwrap();
    asked(&scene, "w1", "Payments", None, due()).await;
    let figures = async || {
        let mut request = scene
            .request(Method::GET, "/metrics")
            .body(Body::empty())
            .unwrap();
        // Browsers are shown dbt's metrics at this address.
        request
            .headers_mut()
            .insert("accept", HeaderValue::from_static("text/plain"));
        let answer = scene.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.body
    };
    let text = figures().await;
    assert!(text.contains("tailwater_job_runs{state=\"queued\"} 1"), "{text}");
    assert!(text.contains("tailwater_refreshes{state=\"queued\"} 1"), "{text}");
    let workspace = std::sync::Arc::clone(&scene.workspace);
    let refresher = Refresher::new(workspace, tokio_util::sync::CancellationToken::new());
    scene.app.count_refreshes_of(&refresher);
    // Its integration is not there: it ends at once, without a call.
    refresher.start();
    let ended = "tailwater_refreshes_ended_total{outcome=\"failed\"} 1";
    let mut text = figures().await;
    for _ in 0..600 {
        if text.contains(ended) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        text = figures().await;
    }
    assert!(text.contains(ended), "{text}");
    assert!(text.contains("tailwater_refresh_calls_total 0"), "{text}");
    assert!(text.contains("tailwater_refreshes{state=\"queued\"} 0"), "{text}");
    refresher.shut_down().await;
}

#[tokio::test]
async fn the_lists_are_files_too_and_none_of_their_cells_is_a_formula() {
    let scene = Scene::empty().await;
    for (number, attack) in attacks().into_iter().enumerate() {
        let run = started(&scene, &job(&format!("job{number}")), &attack).await;
        asked(&scene, &format!("w{number}"), &attack, Some(&run), due()).await;
    }
    for path in ["/runs", "/refreshes"] {
        let page = scene.page(path).await;
        assert!(page.contains(&format!("href=\"{path}?format=csv\"")), "{path}");
        let csv = scene.page(&format!("{path}?format=csv")).await;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), attacks().len(), "{path}");
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '@', '+']), "{path}: {cell}");
        }
        let json = scene.page(&format!("{path}?format=json")).await;
        let json: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(json.len(), rows.len());
        assert_eq!(
            scene.get(&format!("{path}?format=xml")).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    let one = scene.page("/refreshes?state=failed&format=json").await;
    assert_eq!(one, "[]", "a filter holds for files too");
}
