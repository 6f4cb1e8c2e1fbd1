//! Exporting the exposures of a simulated Tableau site into a copy of the demo's dbt project.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]

#[expect(
    dead_code,
    reason = "this suite's sites hold what strangers write, so it writes them itself"
)]
mod acme;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::SecretString;
use tailwater_core::clock::SystemClock;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_engine::Error;
use tailwater_engine::bi::NoProgress;
use tailwater_engine::export::{ExportReport, ExportRequest, FileChange};
use tailwater_engine::settings::Settings;
use tailwater_engine::sync::SyncOptions;
use tailwater_engine::workspace::{Options, Workspace};
use tailwater_tableau_sim::{Options as SimulatorOptions, Running, Simulator, SiteFile};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A workbook: the number in its LUID, its project, its name, the table that it stands on.
type Book<'a> = (usize, &'a str, &'a str, &'a str);

const ORDERS: &str = "shop.marts.fct_orders";
const BOOKS: [Book<'_>; 3] = [
    (1, "Sales", "Orders", ORDERS),
    (2, "Sales/Weekly", "Customers", "shop.staging.customers"),
    (3, "Finance", "Payments", "shop.marts.fct_payments"),
];

fn demo() -> &'static Utf8Path {
    Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"))
}

/// A site with the workbooks and one connection `shop`.
async fn start(books: &[Book<'_>], more: &str) -> Running {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut file = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        full_name = "Ada {{{{ admin }}}}"
        email = "ada@acme.example"
        role = "SiteAdministratorExplorer"
        [[site.token]]
        name = "tailwater"
        secret = "{secret}"
        user = "ada@acme.example"
        [[site.connection]]
        key = "shop"
        class = "genericjdbc"
        server = "warehouse"
        database = "shop"
        {more}
        "#,
        secret = acme::SECRET,
    );
    for (number, project, name, table) in books {
        let (_, table) = table.split_once('.').expect("a database");
        let _ = write!(
            file,
            "\n[[site.workbook]]\nluid = \"{luid}\"\nname = {name}\nproject = {project}\nsheets = [\"Sheet 1\"]\n\
             owner = \"ada@acme.example\"\ndescription = {name}\ntags = [{name}]\n\
             [[site.workbook.datasource]]\nname = \"source {number}\"\nconnection = \"shop\"\ntables = [\"{table}\"]\n",
            luid = acme::luid(number),
            name = text(name),
            project = text(project),
        );
    }
    let file = SiteFile::from_toml(&file).expect("a site file");
    Simulator::start(file, SimulatorOptions::default())
        .await
        .expect("a simulator")
}

/// A dbt project in a directory of its own, and a workspace beside it.
struct Bench {
    directory: TempDir,
    settings: Settings,
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in from.read_dir_utf8().expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let is_unneeded = ["logs", "dbt_packages", "oracle"].contains(&name) || name.contains(".duckdb");
        if is_unneeded {
            continue;
        }
        if entry.file_type().expect("a kind").is_dir() {
            copy(entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

impl Bench {
    fn new(simulator: &Running) -> Self {
        let directory = TempDir::new().expect("a directory");
        fs::write(directory.path().join("secret"), acme::SECRET).expect("a file");
        let root = Utf8Path::from_path(directory.path()).expect("a path in UTF-8");
        copy(&demo().join("dbt"), &root.join("dbt"));
        copy(&demo().join("dbt-packages"), &root.join("dbt-packages"));
        let mut integration = acme::integration(simulator);
        integration.collections = vec!["**".to_owned()];
        let settings = Settings {
            projects: vec![acme::project(&root.join("dbt/target/manifest.json"))],
            integrations: vec![integration],
            ..Settings::default()
        };
        Self { directory, settings }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().join(name)).expect("a path in UTF-8")
    }

    /// The same site at another time.
    fn point_at(&mut self, simulator: &Running) {
        simulator
            .base_url()
            .clone_into(&mut self.settings.integrations[0].server);
    }

    /// A store that knows nothing.
    fn forget(&self) {
        fs::remove_dir_all(self.path(".tailwater")).expect("a store");
    }

    async fn open(&self) -> Workspace {
        let options = Options {
            root: self.path(""),
            settings: self.settings.clone(),
            key: None::<SecretString>,
            clock: Arc::new(SystemClock),
        };
        Workspace::open(options).await.expect("a workspace")
    }

    async fn sync(&self) {
        let workspace = self.open().await;
        workspace
            .sync(
                &"main".into(),
                SyncOptions::default(),
                &NoProgress,
                &CancellationToken::new(),
            )
            .await
            .expect("a sync");
        workspace.close().await;
    }

    fn request(&self) -> ExportRequest {
        ExportRequest {
            directory: self.path("dbt/models/exposures"),
            project: None,
            integrations: Vec::new(),
            adopts: false,
            is_dry_run: false,
        }
    }

    async fn try_export(&self, request: &ExportRequest) -> Result<ExportReport, Error> {
        let workspace = self.open().await;
        let report = workspace.export(request).await;
        workspace.close().await;
        report
    }

    async fn export(&self) -> ExportReport {
        self.try_export(&self.request()).await.expect("an export")
    }

    async fn check(&self) -> ExportReport {
        let request = ExportRequest {
            is_dry_run: true,
            ..self.request()
        };
        let before = self.files();
        let report = self.try_export(&request).await.expect("a check");
        assert_eq!(self.files(), before, "a check writes nothing");
        report
    }

    /// What stands in the directory.
    fn files(&self) -> BTreeMap<String, String> {
        let Ok(entries) = self.path("dbt/models/exposures").read_dir_utf8() else {
            return BTreeMap::new();
        };
        let read = |entry: std::io::Result<camino::Utf8DirEntry>| {
            let entry = entry.expect("an entry");
            let is_file = entry.file_type().expect("a kind").is_file();
            let text = is_file.then(|| fs::read_to_string(entry.path()).expect("a text"))?;
            Some((entry.file_name().to_owned(), text))
        };
        entries.filter_map(read).collect()
    }

    fn names(&self) -> Vec<String> {
        let texts = self.files().into_values();
        let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        let mut names: Vec<String> = lines
            .filter_map(|line| line.strip_prefix("  - name: ").map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path("dbt/models/exposures").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    async fn exposures(&self) -> Vec<Exposure> {
        let workspace = self.open().await;
        let catalog = workspace.catalog().await.expect("a catalog");
        workspace.close().await;
        catalog.exposures().to_vec()
    }

    fn dbt(&self, arguments: &[&str]) -> String {
        let program = demo().join("../.venv/bin/dbt");
        assert!(program.exists(), "there is no `{program}`: run `make setup`");
        let mut command = Command::new(program.canonicalize_utf8().expect("a path"));
        for (name, _) in std::env::vars_os() {
            let is_setting = |name: &str| name.starts_with("DBT_") || name.starts_with("SHOP_");
            if name.to_str().is_some_and(is_setting) {
                command.env_remove(name);
            }
        }
        let output = command
            .arg("--no-use-colors")
            .args(arguments)
            .current_dir(self.path("dbt"))
            .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "0")
            .env("DBT_PROFILES_DIR", self.path("dbt"))
            .output()
            .expect("dbt");
        let said = String::from_utf8(output.stdout).expect("a text");
        assert!(output.status.success(), "dbt {arguments:?}\n{said}");
        said
    }
}

fn changes(report: &ExportReport) -> Vec<(&str, FileChange)> {
    report
        .files
        .iter()
        .map(|file| (file.path.file_name().unwrap_or_default(), file.change))
        .collect()
}

#[tokio::test]
async fn a_file_for_each_top_collection_is_written_once() {
    let simulator = start(&BOOKS, "").await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    let check = bench.check().await;
    assert!(!check.up_to_date);
    let diff = check.files[0].diff.as_deref().expect("a diff");
    assert!(diff.starts_with("--- /dev/null\n+++ "), "{diff}");
    assert!(diff.contains("+  - name: payments\n"), "{diff}");

    let report = bench.export().await;
    let added = FileChange::Added;
    assert_eq!(
        changes(&report),
        [("main__finance.yml", added), ("main__sales.yml", added)]
    );
    assert_eq!((report.exposures, report.left_out.len()), (3, 0));
    let sales = &bench.files()["main__sales.yml"];
    assert!(sales.contains("      - ref('fct_orders')\n"), "{sales}");
    assert!(
        sales.contains("      name: \"Ada {{ '{{' }} admin }}\"\n"),
        "{sales}"
    );
    assert_eq!(bench.names(), ["customers", "orders", "payments"]);

    let before = bench.files();
    let again = bench.export().await;
    assert!(
        again.up_to_date
            && again
                .files
                .iter()
                .all(|file| file.change == FileChange::Unchanged)
    );
    assert!(bench.check().await.up_to_date);
    bench.sync().await;
    assert!(bench.export().await.up_to_date);
    assert_eq!(bench.files(), before);
}

#[tokio::test]
async fn renames_keep_names_and_files_and_what_is_gone_goes() {
    let simulator = start(
        &BOOKS,
        "[[site.project]]\npath = \"Sales\"\nluid = \"5a1e5000-0000-4000-8000-000000000000\"\n",
    )
    .await;
    let mut bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let later = start(
        &[
            (1, "Revenue \n{{ x }}", "Turnover", ORDERS),
            (
                2,
                "Revenue \n{{ x }}/Weekly",
                "Customers",
                "shop.staging.customers",
            ),
        ],
        "[[site.project]]\npath = \"Revenue \\n{{ x }}\"\nluid = \"5a1e5000-0000-4000-8000-000000000000\"\n",
    )
    .await;
    bench.point_at(&later);
    bench.sync().await;
    let check = bench.check().await;
    let expected = [
        ("main__finance.yml", FileChange::Removed),
        ("main__sales.yml", FileChange::Changed),
    ];
    assert_eq!(changes(&check), expected);
    assert_eq!(changes(&bench.export().await), expected);
    assert_eq!(bench.files().keys().collect::<Vec<_>>(), ["main__sales.yml"]);
    assert_eq!(bench.names(), ["customers", "orders"]);
    let sales = &bench.files()["main__sales.yml"];
    assert!(
        sales.contains("    label: \"Turnover\"\n") && sales.contains("\"title\": \"Revenue"),
        "{sales}"
    );
}

#[tokio::test]
async fn what_people_keep_is_never_written() {
    let simulator = start(
        &[
            (1, "R&D", "Orders", ORDERS),
            (2, "R D", "Customers", "shop.staging.customers"),
            (3, "Finance", "Payments", "shop.marts.fct_payments"),
        ],
        "",
    )
    .await;
    let bench = Bench::new(&simulator);
    let own = "# mine\nexposures: []\n";
    bench.write("main__finance.yml", own);
    bench.write("MAIN__R_D.yml", own);
    bench.write("notes.txt", "mine too");
    bench.sync().await;
    bench.export().await;
    let files = bench.files();
    assert_eq!(
        (
            files["main__finance.yml"].as_str(),
            files["MAIN__R_D.yml"].as_str()
        ),
        (own, own)
    );
    // Neither the two equal slugs nor files that differ in case alone get into each other's way.
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    assert_eq!(bench.names(), ["customers", "orders", "payments"]);
    assert!(bench.check().await.up_to_date);

    // Who takes an exposure over has it, before any manifest knows.
    let moved = "exposures:\n  - name: payments\n    type: dashboard\n    owner: {name: x}\n    config:\n      meta:\n        \
                 tailwater:\n          id: \"00000003-0000-4000-8000-000000000000\"\n";
    bench.write("mine/own.yml", moved);
    let report = bench.export().await;
    assert_eq!(report.kept_by_hand.len(), 1, "{:?}", report.kept_by_hand);
    assert_eq!(bench.names(), ["customers", "orders"]);
    assert_eq!(
        fs::read_to_string(bench.path("dbt/models/exposures/mine/own.yml")).expect("a file"),
        moved
    );
}

#[tokio::test]
async fn names_of_the_yaml_outlive_the_store() {
    let simulator = start(&BOOKS, "").await;
    let mut bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let before = bench.files();
    let later = start(
        &[
            (1, "Sales", "Payments", ORDERS),
            (2, "Sales/Weekly", "Orders", "shop.staging.customers"),
            (3, "Finance", "New", "shop.marts.fct_payments"),
        ],
        "",
    )
    .await;
    bench.point_at(&later);
    // The manifest does not hold the generated exposures: only the files do.
    bench.forget();
    bench.sync().await;
    let names = |exposures: Vec<Exposure>| -> BTreeSet<String> {
        let automatic = exposures
            .into_iter()
            .filter(|exposure| exposure.mode == Mode::Auto);
        automatic.map(|exposure| exposure.name).collect()
    };
    assert_eq!(
        names(bench.exposures().await),
        BTreeSet::from(["new", "orders", "payments"].map(String::from))
    );
    bench.check().await;
    let report = bench.export().await;
    // A name that another workbook has in the store now is not taken from it; the rest is as it was.
    assert!(!report.renamed.is_empty());
    let first = bench.names();
    assert_eq!(names(bench.exposures().await), first.iter().cloned().collect());
    assert!(bench.export().await.renamed.is_empty() && bench.check().await.up_to_date);
    assert_eq!(bench.names(), first);

    // Without such a mix-up every name comes back.
    bench.forget();
    bench.point_at(&simulator);
    for (name, text) in &before {
        bench.write(name, &text.replace("- name: orders\n", "- name: the_orders\n"));
    }
    bench.sync().await;
    let check = bench.check().await;
    assert!(check.up_to_date && check.renamed.len() == 1, "{check:#?}");
    let report = bench.export().await;
    assert_eq!(
        (report.renamed[0].from.as_str(), report.renamed[0].to.as_str()),
        ("orders", "the_orders")
    );
    assert!(names(bench.exposures().await).contains("the_orders"));
    bench.sync().await;
    assert!(names(bench.exposures().await).contains("the_orders"));
}

#[tokio::test]
async fn what_was_not_seen_stays() {
    let simulator = start(&BOOKS, "").await;
    let mut bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let before = bench.files();

    // A store that was never synced knows of nothing, and so of nothing that is gone.
    bench.forget();
    let report = bench.export().await;
    assert!(report.up_to_date, "{report:#?}");
    let codes: Vec<&str> = report.notices.iter().map(|notice| notice.code.as_str()).collect();
    assert_eq!(codes, ["TW-EXPORT-KEPT"]);
    assert_eq!(bench.files(), before);

    // A project that the token's user is not shown makes the list of workbooks a partial one.
    let hidden = "[[site.project]]\npath = \"Hidden\"\nhidden_from = [\"SiteAdministratorExplorer\"]\n";
    let partial = start(&[BOOKS[0], (4, "Hidden", "Secret", ORDERS)], hidden).await;
    bench.point_at(&partial);
    bench.settings.integrations[0].collections = vec!["Sales/**".to_owned(), "Finance/**".to_owned()];
    bench.sync().await;
    let report = bench.export().await;
    let names = bench.names();
    for name in ["customers", "orders", "payments"] {
        assert!(
            names.contains(&name.to_owned()),
            "{name} in {names:?}: {report:#?}"
        );
    }

    // The whole list says what is gone.
    let whole = start(&BOOKS[..1], "").await;
    bench.point_at(&whole);
    bench.sync().await;
    bench.export().await;
    assert_eq!(bench.names(), ["orders"]);
}

#[tokio::test]
async fn edits_of_generated_files_do_not_last_and_broken_ones_heal() {
    let simulator = start(&BOOKS, "").await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let before = bench.files();
    let sales = &before["main__sales.yml"];
    for edited in [
        sales.replace("label: \"Orders\"", "label: \"Edited\""),
        format!("{sales}\n  - name: mine\n    type: dashboard\n    owner: {{name: x}}\n"),
        sales.replace("  - name: orders\n", "<<<<<<< HEAD\n  - name: orders\n"),
        sales.split_inclusive('\n').take(6).collect(),
    ] {
        bench.write("main__sales.yml", &edited);
        let check = bench.check().await;
        assert_eq!(changes(&check)[1], ("main__sales.yml", FileChange::Changed));
        bench.export().await;
        assert_eq!(bench.files(), before);
    }
    // Line ends of Windows are no difference.
    bench.write("main__sales.yml", &sales.replace('\n', "\r\n"));
    assert!(bench.check().await.up_to_date);
}

#[tokio::test]
async fn an_export_into_the_wrong_place_is_refused() {
    let simulator = start(&BOOKS, "").await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let refused = |directory: &str| {
        let request = ExportRequest {
            directory: bench.path(directory),
            ..bench.request()
        };
        let bench = &bench;
        async move { bench.try_export(&request).await.expect_err("a refusal") }
    };
    assert_eq!(refused("dbt/models/other").await.code(), "TW-EXPORT-ELSEWHERE");
    assert_eq!(
        refused("dbt/models/exposures.yml").await.code(),
        "TW-EXPORT-UNREADABLE"
    );
    fs::create_dir_all(bench.path("other/models")).expect("a directory");
    fs::write(bench.path("other/dbt_project.yml"), "name: other\n").expect("a file");
    let error = refused("other/models/exposures").await;
    assert_eq!(error.code(), "TW-EXPORT-OTHER-PROJECT");
    assert!(error.hint().is_some());
    // What an installed package brings is another project's, even where the directory is above it.
    let package = bench.path("dbt/dbt_packages/other");
    copy(&bench.path("dbt/models/exposures"), &package.join("models"));
    fs::write(package.join("dbt_project.yml"), "name: other\n").expect("a file");
    let request = ExportRequest {
        directory: bench.path("dbt"),
        ..bench.request()
    };
    let report = bench.try_export(&request).await.expect("an export");
    assert!(report.up_to_date && report.files.len() == 2, "{report:#?}");
    let codes: Vec<&str> = report.notices.iter().map(|notice| notice.code.as_str()).collect();
    assert_eq!(codes, ["TW-EXPORT-OUTSIDE-MODELS"]);
    // Outside of any dbt project, files are files.
    let request = ExportRequest {
        directory: bench.path("elsewhere"),
        adopts: true,
        ..bench.request()
    };
    let error = bench.try_export(&request).await.expect_err("a refusal");
    assert_eq!(error.code(), "TW-EXPORT-NO-PROJECT-FILE");
    let request = ExportRequest {
        adopts: false,
        ..request
    };
    assert_eq!(bench.try_export(&request).await.expect("an export").exposures, 3);
}

#[tokio::test]
async fn real_dbt_takes_the_files_and_they_come_back_as_what_they_are() {
    let hostile = [
        "Bob's \"best\": {{ wb }} {% raw %} # 🚀",
        "2024 plan",
        "{{ env_var('HOME') }}",
        "売上 \\ null",
        "!!python/object/apply:os.system ['true']",
        "&a *a ? %YAML --- ... | > <<: *b",
        "javascript:alert(1)",
        "\u{202e}txt.exe\u{2066}\u{2028}\u{85}\u{1b}[31m\0",
        "two\nlines\r\n- name: x {%",
    ];
    let long = "very ".repeat(60);
    let mut books: Vec<Book<'_>> = hostile
        .iter()
        .enumerate()
        .map(|(at, name)| (at + 1, "A \"{{ project }}\": #1", *name, ORDERS))
        .collect();
    books.push((0, "Sales", &long, "shop.marts.fct_payments"));
    let simulator = start(&books, "").await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    bench.export().await;
    let first = bench.files();
    let before = bench.exposures().await;

    bench.dbt(&["--quiet", "deps"]);
    let said = bench
        .dbt(&["parse", "--no-partial-parse", "--show-all-deprecations"])
        .to_lowercase();
    assert!(!said.contains("warn") && !said.contains("deprecat"), "{said}");
    let listed = bench.dbt(&[
        "--quiet",
        "ls",
        "--select",
        "1+exposure:_2024_plan",
        "--resource-types",
        "model",
    ]);
    assert_eq!(listed.trim(), "shop.marts.core.fct_orders");
    let manifest = fs::read(bench.path("dbt/target/manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    for exposure in before.iter().filter(|exposure| exposure.mode == Mode::Auto) {
        let parsed = &manifest["exposures"][exposure.unique_id.as_str()];
        assert_eq!(parsed["label"], *exposure.label);
        assert_eq!(parsed["owner"]["name"], "Ada {{ admin }}");
        let nodes = parsed["depends_on"]["nodes"].as_array().expect("nodes");
        let linked = exposure.depends_on.iter().map(tailwater_core::id::NodeId::as_str);
        assert!(
            nodes.iter().filter_map(serde_json::Value::as_str).eq(linked),
            "{parsed}"
        );
        assert_eq!(nodes.len(), 1);
    }

    for is_new_store in [false, true] {
        if is_new_store {
            bench.forget();
        }
        bench.sync().await;
        let mut after = bench.exposures().await;
        let mut expected = before.clone();
        for exposure in after.iter_mut().chain(&mut expected) {
            (exposure.first_seen, exposure.last_seen) = (None, None);
        }
        assert_eq!(after, expected);
        assert!(bench.export().await.up_to_date);
        assert_eq!(bench.files(), first);
    }
    let automatic = before.iter().filter(|exposure| exposure.mode == Mode::Auto);
    assert_eq!(automatic.count(), books.len());
}

#[tokio::test]
async fn a_manual_exposure_gets_its_id_in_place() {
    // The demo declares a dashboard by this address alone.
    let simulator = start(&[(5, "Finance", "Finance weekly", ORDERS)], "").await;
    let bench = Bench::new(&simulator);
    bench.sync().await;
    let path = bench.path("dbt/models/exposures.yml");
    let url = bench
        .exposures()
        .await
        .into_iter()
        .find(|exposure| exposure.mode == Mode::Auto)
        .and_then(|exposure| exposure.url)
        .expect("an address");
    let known = "https://tableau.shop.example/#/site/shop/workbooks/1005/views";
    let before = fs::read_to_string(&path).expect("a file").replace(known, &url);
    fs::write(&path, &before).expect("a file");
    let manifest = bench.path("dbt/target/manifest.json");
    let text = fs::read_to_string(&manifest)
        .expect("a manifest")
        .replace(known, &url);
    fs::write(&manifest, text).expect("a manifest");
    bench.sync().await;

    let request = ExportRequest {
        adopts: true,
        is_dry_run: true,
        ..bench.request()
    };
    let report = bench.try_export(&request).await.expect("a check");
    let diff = report.files[0].diff.as_deref().expect("a diff");
    assert!(
        diff.contains("+          id: \"00000005-0000-4000-8000-000000000000\"\n"),
        "{diff}"
    );
    assert_eq!(fs::read_to_string(&path).expect("a file"), before);

    let request = ExportRequest {
        is_dry_run: false,
        ..request
    };
    bench.try_export(&request).await.expect("an export");
    let after = fs::read_to_string(&path).expect("a file");
    let added: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
    assert_eq!(added, ["          id: \"00000005-0000-4000-8000-000000000000\""]);
    assert!(before.lines().all(|line| after.contains(line)));
    // The manifest is older than the file now; the file counts.
    let again = bench.try_export(&request).await.expect("an export");
    assert!(again.up_to_date && again.refused.is_empty(), "{again:#?}");

    // What cannot be edited says what to put in.
    fs::write(
        &path,
        before.replace(
            "      meta:\n        reviewed: true\n",
            "      meta: {reviewed: true}\n",
        ),
    )
    .expect("a file");
    let refused = bench.try_export(&request).await.expect("an export").refused;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].lines.contains("id: \"00000005"), "{refused:?}");
}
