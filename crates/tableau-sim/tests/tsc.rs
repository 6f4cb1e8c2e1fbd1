//! Tableau's own Python client against the simulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use tailwater_tableau_sim::{Options, Simulator, SiteFile};

/// The Python that has Tableau's client: `TAILWATER_PYTHON`, or the one in `.venv` at the workspace root.
fn python() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("TAILWATER_PYTHON").map_or_else(|| workspace.join(".venv/bin/python"), PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_tableau_accepts_the_simulator() {
    let python = python();
    let found = Command::new(&python)
        .args(["-c", "import tableauserverclient"])
        .output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "no Python with tableauserverclient at {}: run make setup",
        python.display()
    );
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = SiteFile::load(&tests.join("sites/small.toml")).unwrap();
    let options = Options {
        clock_stands_at: Some("2025-03-04T05:06:07Z".parse().unwrap()),
        ..Options::default()
    };
    let running = Simulator::start(file, options).await.unwrap();
    let url = running.base_url().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(python)
            .args([
                "-B",
                "-W",
                "ignore",
                "-m",
                "unittest",
                "discover",
                "--start-directory",
                "tsc",
            ])
            .current_dir(tests)
            .env("TAILWATER_SIM_URL", url)
            .env_remove("http_proxy")
            .env("no_proxy", "127.0.0.1")
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    // The suite was found and ran: an empty discovery succeeds too.
    assert!(
        report.contains("Ran ") && !report.contains("Ran 0 tests"),
        "{report}"
    );
    let used_the_client = running
        .requests()
        .iter()
        .any(|entry| entry.user_agent.starts_with("Tableau Server Client/"));
    assert!(used_the_client);
}
