//! What the network and the host do to good answers, on demand.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Client, send, small};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tailwater_tableau_sim::{CursorFault, Options, Simulator};

async fn client() -> Client {
    Client::start(small(), "tailwater").await
}

/// Connects until it goes as expected: the listener closes and opens a moment after the switch.
fn until(address: &str, is_refused: bool) {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let outcome = TcpStream::connect(address).map_err(|error| error.kind());
        match outcome {
            Ok(_) if !is_refused => return,
            Err(ErrorKind::ConnectionRefused) if is_refused => return,
            // The system had taken the connection for the listener when that closed.
            Ok(_) | Err(ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) => {}
            Err(other) => panic!("{other}"),
        }
        assert!(Instant::now() < end, "{outcome:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_refused_and_the_control_address_ends_it() {
    let options = Options {
        control_port: Some(0),
        ..Options::default()
    };
    let running = Simulator::start(small(), options).await.unwrap();
    let control = running.control_url().unwrap().to_owned();
    let address = running.base_url().strip_prefix("http://").unwrap().to_owned();
    // A connection from before is reset with its next request.
    let mut old = TcpStream::connect(&address).unwrap();
    let set = |value: bool| {
        let body = json!({"connection_refused": value}).to_string();
        assert_eq!(send(&control, "PUT", "/-/sim/switches", &[], &body).status, 200);
    };
    for _ in 0..2 {
        set(true);
        until(&address, true);
        // The control address alone is there.
        assert_eq!(send(&control, "GET", "/-/sim/sessions", &[], "").status, 200);
        assert_eq!(send(&control, "GET", "/api/2.4/serverinfo", &[], "").status, 404);
        set(false);
        until(&address, false);
        assert_eq!(
            send(running.base_url(), "GET", "/api/2.4/serverinfo", &[], "").status,
            200
        );
    }
    set(true);
    until(&address, true);
    let request = b"GET /api/2.4/serverinfo HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut answer = Vec::new();
    let outcome = old.write_all(request).and_then(|()| old.read_to_end(&mut answer));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(answer.is_empty());
}

/// What comes of a call before its connection ends, and how that ends.
fn ending(client: &Client) -> (String, Option<ErrorKind>) {
    let address = client.running.base_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/3.25/sites/{}/workbooks HTTP/1.1\r\nHost: localhost\r\nX-Tableau-Auth: {}\r\nConnection: close\r\n\r\n",
        client.site, client.token
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let outcome = stream.read_to_end(&mut bytes);
    (
        String::from_utf8_lossy(&bytes).into_owned(),
        outcome.err().map(|error| error.kind()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_in_the_middle_with_a_goodbye_or_a_reset() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.cut_answer_times = 1);
    let (cut, end) = ending(&client);
    assert!(
        cut.starts_with("HTTP/1.1 200") && !cut.contains("</tsResponse>"),
        "{cut}"
    );
    assert_eq!(end, None);
    client
        .running
        .set_switches(|switches| switches.reset_answer_times = 1);
    let (cut, end) = ending(&client);
    assert!(
        cut.starts_with("HTTP/1.1 200") && !cut.contains("</tsResponse>"),
        "{cut}"
    );
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
    let (whole, end) = ending(&client);
    assert!(whole.contains("</tsResponse>") && end.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_byte_by_byte_or_never_ends() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.drip_milliseconds = 2);
    let started = Instant::now();
    let dripped = client.call("GET", "projects?pageSize=1", "");
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert_eq!(dripped.status, 200);
    // Each byte is a piece of its own.
    assert!(
        dripped.body.starts_with("1\r\n{\r\n1\r\n\"\r\n"),
        "{}",
        dripped.body
    );

    client.running.set_switches(|switches| {
        switches.drip_milliseconds = 0;
        switches.endless_answer_times = 1;
    });
    let address = client.running.base_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /api/2.4/serverinfo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut much = vec![0; 4 << 20];
    stream.read_exact(&mut much).unwrap();
    assert!(String::from_utf8_lossy(&much[..2048]).contains("</tsResponse>"));
    assert_eq!(
        send(client.running.base_url(), "GET", "/api/2.4/serverinfo", &[], "").status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_pointed_elsewhere() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.redirect_to = Some("https://sign-in.example/".to_owned()));
    let pointer = client.get("workbooks?pageSize=3");
    assert_eq!(pointer.status, 302);
    let target = format!(
        "location: https://sign-in.example/api/3.25/sites/{}/workbooks?pagesize=3",
        client.site
    );
    assert!(pointer.head.contains(&target), "{}", pointer.head);

    client.running.set_switches(|switches| {
        switches.redirect_to = Some("/moved".to_owned());
        switches.redirect_status = 307;
    });
    let pointer = send(client.running.base_url(), "GET", "/api/2.4/serverinfo", &[], "");
    assert!(pointer.status == 307 && pointer.head.contains("location: /moved/api/2.4/serverinfo"));
    let there = send(
        client.running.base_url(),
        "GET",
        "/moved/api/2.4/serverinfo",
        &[],
        "",
    );
    assert_eq!(there.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_strike_what_they_are_meant_for() {
    let client = client().await;
    client.running.set_switches(|switches| {
        switches.server_error_times = 9;
        switches.faults_on = Some("/projects".to_owned());
    });
    assert_eq!(client.get("workbooks").status, 200);
    assert_eq!(client.get("projects").status, 500);
    client
        .running
        .set_switches(|switches| switches.faults_on = Some("pageNumber=2".to_owned()));
    assert_eq!(client.get("projects").status, 200);
    assert_eq!(client.get("projects?pageSize=1&pageNumber=2").status, 500);
    client
        .running
        .set_switches(|switches| switches.faults_on = Some("customSQLTables".to_owned()));
    assert_eq!(
        client.ask(&json!({"query": "{ workbooks { name } }"})).status,
        200
    );
    assert_eq!(
        client.ask(&json!({"query": "{ customSQLTables { id } }"})).status,
        500
    );
    assert_eq!(client.running.switches().server_error_times, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_may_answer_404_in_html() {
    let client = client().await;
    client.running.set_switches(|switches| {
        switches.not_tableau = true;
        switches.not_tableau_status = 404;
    });
    let answer = send(client.running.base_url(), "GET", "/api/2.4/serverinfo", &[], "");
    assert!(answer.status == 404 && answer.head.contains("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_may_be_wrong() {
    let client = client().await;
    let date = |client: &Client| {
        let answer = client.get("projects");
        let date = answer.head.lines().find_map(|line| line.strip_prefix("date: "));
        DateTime::parse_from_rfc2822(date.unwrap()).unwrap().to_utc()
    };
    let right: DateTime<Utc> = date(&client);
    client
        .running
        .set_switches(|switches| switches.clock_skew_seconds = -3 * 3600);
    assert_eq!(date(&client), right - TimeDelta::hours(3));
    // What changes now is dated by that clock.
    let workbook = &client.get("workbooks?pageSize=1").json()["workbooks"]["workbook"][0];
    let id = workbook["id"].as_str().unwrap();
    let changed = client.call(
        "PUT",
        &format!("workbooks/{id}"),
        r#"{"workbook": {"name": "New"}}"#,
    );
    let dated: DateTime<Utc> = changed.json()["workbook"]["updatedAt"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(dated, right - TimeDelta::hours(3));
    client
        .running
        .set_switches(|switches| switches.clock_skew_seconds = 0);
    assert_eq!(date(&client), right);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_under_calls() {
    let client = client().await;
    client
        .running
        .set_switches(|switches| switches.session_lost_times = 1);
    assert_eq!(client.get("projects").code(), "401002");
    assert_eq!(client.running.session_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_lists_repeat_go_missing_and_tell_other_totals() {
    let client = client().await;
    let page = |number: usize| {
        let answer = client.get(&format!("workbooks?pageSize=1&sort=name:asc&pageNumber={number}"));
        let tree = answer.json();
        (
            tree["workbooks"]["workbook"][0]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            tree["pagination"]["totalAvailable"].as_str().unwrap().to_owned(),
        )
    };
    let (first, second) = (page(1), page(2));
    client
        .running
        .set_switches(|switches| switches.repeated_page = Some(2));
    assert_eq!(page(2), first);
    client.running.set_switches(|switches| {
        switches.repeated_page = None;
        switches.missing_page = Some(2);
    });
    assert_eq!(page(2), (String::new(), first.1.clone()));
    client.running.set_switches(|switches| {
        switches.missing_page = None;
        switches.total_drift = 1;
    });
    assert_eq!(page(1), first);
    let drifted: usize = page(2).1.parse().unwrap();
    assert_eq!(
        (page(2).0, drifted),
        (second.0, first.1.parse::<usize>().unwrap() + 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_repeat_leave_out_and_stand_still() {
    let client = client().await;
    let walk = |most: usize| {
        let mut after = serde_json::Value::Null;
        let mut names = Vec::new();
        for _ in 0..most {
            let query = "query($after: String) { page: workbooksConnection(first: 1, after: $after, orderBy: {field: NAME, direction: ASC}) { nodes { name } pageInfo { hasNextPage endCursor } } }";
            let answer = client
                .ask(&json!({"query": query, "variables": {"after": after}}))
                .json();
            let page = &answer["data"]["page"];
            names.extend(page["nodes"][0]["name"].as_str().map(str::to_owned));
            if page["pageInfo"]["hasNextPage"] != json!(true) {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        names
    };
    let right = walk(100);
    assert!(right.len() > 3);
    let set = |fault: CursorFault| client.running.set_switches(|switches| switches.cursor = fault);
    set(CursorFault::PageRepeated);
    let repeated = walk(100);
    assert_eq!(repeated.len(), right.len());
    assert_eq!((&repeated[1], &repeated[2]), (&right[0], &right[1]));
    set(CursorFault::PageLeftOut);
    let left_out = walk(100);
    assert_eq!((&left_out[0], &left_out[1]), (&right[0], &right[2]));
    set(CursorFault::StandsStill);
    let still = walk(5);
    assert!(
        still[0] == right[0] && still[1..].iter().all(|name| *name == right[1]),
        "{still:?}"
    );
}
