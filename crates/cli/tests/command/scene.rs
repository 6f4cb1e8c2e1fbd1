//! A scratch directory with the binary in it, and the demo's Tableau site beside it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tailwater_tableau_sim::site_file::{BUILDER_TOKEN, SiteFile};
use tailwater_tableau_sim::{Options, Running, Simulator};
use tempfile::TempDir;

/// The secret of the demo site's token.
pub const SECRET: &str = "demo-secret";
/// The variable that the tests keep it in.
pub const SECRET_VARIABLE: &str = "TABLEAU_TOKEN_SECRET";
/// What the demo selects.
pub const COLLECTIONS: [&str; 4] = ["Finance/**", "Sales/**", "Operations/**", "R\\/D"];

/// A scratch directory.
pub struct Scene {
    pub directory: TempDir,
    variables: Vec<(String, String)>,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
    pub complaints: String,
}

impl Scene {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary, with nothing of the tester's own surroundings in it.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tailwater"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.env("COLUMNS", "100").stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Ended {
        Ended::of(self.command(arguments))
    }

    /// Runs a command that must do its work, and answers what it printed.
    #[track_caller]
    pub fn tell(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
        ended.output
    }

    #[track_caller]
    pub fn tell_json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        serde_json::from_str(&self.tell(&all)).unwrap()
    }

    /// Runs a command, feeding it standard input.
    pub fn feed(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let file = self.path().join("input");
        std::fs::write(&file, input).unwrap();
        let mut command = self.command(arguments);
        command.stdin(std::fs::File::open(file).unwrap());
        Ended::of(command)
    }

    /// Text with what differs from run to run replaced.
    pub fn steady(&self, text: &str) -> String {
        let real = self.path().canonicalize().unwrap();
        let demo = demo().canonicalize().unwrap();
        text.replace(real.to_str().unwrap(), "[DIRECTORY]")
            .replace(self.path().to_str().unwrap(), "[DIRECTORY]")
            .replace(demo.to_str().unwrap(), "[DEMO]")
            .replace(demo.to_str().unwrap(), "[DEMO]")
            .replace(demo_as_given().to_str().unwrap(), "[DEMO]")
    }
}

impl Ended {
    pub fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            complaints: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The error's code in the JSON line on standard error.
    #[track_caller]
    pub fn error(&self) -> Value {
        let lines = self.complaints.lines();
        let mut errors = lines.filter_map(|line| {
            let mut value: Value = serde_json::from_str(line).ok()?;
            Some(value.get_mut("error")?.take())
        });
        errors.next().unwrap_or_else(|| panic!("no error in {self:#?}"))
    }
}

/// The demo's directory.
pub fn demo() -> PathBuf {
    demo_as_given()
}

fn demo_as_given() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// A scene with the demo's site: nothing is registered yet.
pub struct Site {
    pub scene: Scene,
    pub running: Running,
}

impl Site {
    pub async fn start() -> Self {
        Self::serving(SiteFile::load(&demo().join("site.toml")).unwrap()).await
    }

    /// A scene with another site.
    pub async fn serving(file: SiteFile) -> Self {
        Self {
            scene: Scene::new().with_variable(SECRET_VARIABLE, SECRET),
            running: Simulator::start(file, Options::default()).await.unwrap(),
        }
    }

    /// A scene with a site that was built, `acme`, and with project and integration registered by command.
    pub async fn built(file: SiteFile) -> Self {
        let site = Self::serving(file).await;
        site.scene.write("secret", BUILDER_TOKEN.1);
        site.connect("acme", BUILDER_TOKEN.0, "--secret-file=secret");
        site
    }

    /// The demo's site, with project and integration registered by command.
    pub async fn connected() -> Self {
        let site = Self::start().await;
        site.connect("shop", "tailwater", &format!("--secret-env={SECRET_VARIABLE}"));
        site
    }

    fn connect(&self, name: &str, token: &str, secret: &str) {
        let target = demo().join("dbt/target");
        let scene = &self.scene;
        scene.tell(&["project", "add", "shop", target.to_str().unwrap()]);
        let server = format!("{}/#/site/{name}/home", self.running.base_url());
        let address = ["--name=main", "--server", &server, "--token-name", token, secret];
        scene.tell(&[&["integration", "add", "tableau"], &address[..]].concat());
    }

    /// The same, with everything imported that the demo imports.
    pub async fn imported() -> Self {
        let site = Self::connected().await;
        let mut arguments = vec!["collections", "main", "select"];
        arguments.extend(COLLECTIONS);
        site.scene.tell(&arguments);
        site
    }

    /// Declares everything in `tailwater.toml`, as in a CI job.
    pub fn declare(&self, more: &str) {
        let settings = format!(
            "[[project]]\nname = \"shop\"\ntarget_dir = {target:?}\n\n[[integration]]\nname = \"main\"\n\
             server = {server:?}\nsite = \"shop\"\ntoken_name = \"tailwater\"\n\
             token_secret_env = \"{SECRET_VARIABLE}\"\ncollections = {COLLECTIONS:?}\n{more}",
            target = demo().join("dbt/target").to_str().unwrap(),
            server = self.running.base_url(),
        );
        self.scene.write("tailwater.toml", &settings);
    }
}

/// Runs a snapshot under the rules that replace what differs from run to run.
pub fn steadily(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, replacement) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[INSTANT]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?", "[INSTANT]"),
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[SYNC]",
        ),
        (r"sqlite \d[\d.]*", "sqlite [VERSION]"),
        (r"\d[\d.]* [kM]B", "[SIZE]"),
        (r"schema \d+,", "schema [SCHEMA],"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings.bind(check);
}
