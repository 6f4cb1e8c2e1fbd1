//! The dbt in `.venv` takes the YAML that an exposure's page shows, on a fresh copy of the demo project.

use std::process::Command;

use camino::Utf8Path;
use tailwater_core::exposure::Mode;
use tempfile::TempDir;

use crate::scene::{Scene, demo};

fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let is_made_by_dbt = ["target", "logs", "dbt_packages", "oracle"].contains(&entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if !is_made_by_dbt {
                copy(entry.path(), &to.join(entry.file_name()));
            }
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Runs dbt in the project and gives what it printed.
fn dbt(project: &Utf8Path, arguments: &[&str]) -> String {
    let program = demo().join("../.venv/bin/dbt");
    assert!(program.exists(), "there is no `{program}`: run `make setup`");
    let mut command = Command::new(program.canonicalize_utf8().unwrap());
    // The person's own settings for dbt must not change what it says.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("DBT_") || text.starts_with("SHOP_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .args(["--no-use-colors"])
        .args(arguments)
        .current_dir(project)
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "0")
        .env("DBT_PROFILES_DIR", project)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "dbt {arguments:?}\n{printed}");
    printed
}

#[tokio::test]
async fn dbt_takes_the_yaml_of_every_page_without_a_warning() {
    let scene = Scene::demo().await;
    let catalog = scene.app.catalog(None).unwrap();
    let directory = TempDir::new().unwrap();
    let base = Utf8Path::from_path(directory.path()).unwrap();
    let project = base.join("dbt");
    copy(&demo().join("dbt"), &project);
    copy(&demo().join("dbt-packages"), &base.join("dbt-packages"));
    let mut names = Vec::new();
    for exposure in catalog.exposures().iter().filter(|one| one.mode == Mode::Auto) {
        let yaml = scene
            .page(&format!("/exposures/{}/yaml?format=yml", exposure.unique_id))
            .await;
        let file = format!("from_page_{}.yml", exposure.name);
        std::fs::write(project.join("models").join(file), yaml).unwrap();
        names.push(exposure.name.clone());
    }
    assert!(names.len() > 10, "{names:?}");
    dbt(&project, &["deps"]);
    let parse = ["parse", "--no-partial-parse", "--show-all-deprecations"];
    let told = dbt(&project, &parse);
    let about_them: Vec<&str> = told.lines().filter(|line| line.contains("from_page_")).collect();
    assert!(about_them.is_empty(), "{about_them:#?}");
    let list = ["--quiet", "ls", "--resource-type", "exposure", "--output", "name"];
    let listed = dbt(&project, &list);
    for name in &names {
        assert!(
            listed.lines().any(|line| line.contains(name.as_str())),
            "{name}: {listed}"
        );
    }
}
