//! `tailwater.toml`: what a person or a repository declares.
//!
//! Whatever is declared here wins over what was registered by command under the same name, and is
//! read-only for commands. Relative paths start at the file's directory.

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::{EnvironmentName, IntegrationName, ProjectName};
use tailwater_core::job::Job;
use tailwater_core::mapping::MappingRule;
use tailwater_core::refresh::PolicyPart;

use crate::error::Error;
pub use crate::http::{HttpSettings, ProxyAddress};
pub use crate::schedule::ScheduleSettings;
pub use crate::signal::{ChannelSettings, SignalSettings};

/// The whole file. Every part may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where state is kept.
    pub store: StoreSettings,
    /// What seals secrets at rest.
    pub security: SecuritySettings,
    /// dbt projects.
    #[serde(rename = "project")]
    pub projects: Vec<ProjectSettings>,
    /// BI sites.
    #[serde(rename = "integration")]
    pub integrations: Vec<IntegrationSettings>,
    /// dbt's artifacts that are handed over.
    pub artifacts: ArtifactSettings,
    /// When integrations are synced without being asked.
    pub sync: ScheduleSettings,
    /// The server of the catalog.
    pub serve: ServeSettings,
    /// How often people are told of what is wrong.
    pub signals: SignalSettings,
    /// Where signals go.
    #[serde(rename = "channel")]
    pub channels: Vec<ChannelSettings>,
    /// Jobs: what runs dbt again and again; read-only for pages and commands.
    #[serde(rename = "job")]
    pub jobs: Vec<Job>,
    /// How jobs are run.
    pub runs: RunSettings,
    /// How long what happened is kept.
    pub history: HistorySettings,
    /// When extracts are refreshed.
    pub refresh: RefreshSettings,
    /// The way to BI sites.
    pub http: HttpSettings,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: "sqlite:.tailwater/tailwater.db".to_owned(),
        }
    }
}

/// `[security]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecuritySettings {
    /// The file that holds the key, made on first use with owner-only rights. The environment
    /// variable `TAILWATER_KEY` wins over it.
    pub key_file: Utf8PathBuf,
}

impl Default for SecuritySettings {
    fn default() -> Self {
        Self {
            key_file: ".tailwater/key".into(),
        }
    }
}

/// `[artifacts]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArtifactSettings {
    /// Where artifacts that were handed over, and the logs and artifacts of runs, are kept. Several machines that
    /// share a store must share it too, unless there is a `url`.
    pub dir: Utf8PathBuf,
    /// Or storage that speaks S3, `s3://BUCKET/PREFIX`; `dir` is then each machine's own copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How many runs, and as many checks of freshness, are kept of each environment.
    pub keep_runs: u32,
}

impl Default for ArtifactSettings {
    fn default() -> Self {
        Self {
            dir: ".tailwater/artifacts".into(),
            url: None,
            keep_runs: 50,
        }
    }
}

/// `[history]`: how long what happened is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySettings {
    /// How many days refreshes are kept that are over. How the refreshes of each target ended last is kept for ever.
    pub keep_refresh_days: u32,
    /// How many days syncs are kept, with what they changed in the exposures. The last 50 of each integration are
    /// kept whatever their age.
    pub keep_sync_days: u32,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            keep_refresh_days: 180,
            keep_sync_days: 400,
        }
    }
}

/// `[serve]`: the server of the catalog. What is given to `tailwater serve` itself wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSettings {
    /// The address and port to listen at; port 0 takes any free one.
    pub listen: String,
    /// The path below which the catalog stands behind a proxy, such as `/catalog`; empty for none.
    pub base_path: String,
    /// The address at which people reach the catalog, without the base path, such as
    /// `https://data.acme.com`; made of `listen` when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The PEM file with the server's certificate and those above it; with it, `https` is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<Utf8PathBuf>,
    /// The PEM file with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<Utf8PathBuf>,
    /// Pages that may show the health tile in a frame, such as `https://tableau.acme.com`; all when empty.
    pub frame_ancestors: Vec<String>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8420".to_owned(),
            base_path: String::new(),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            frame_ancestors: Vec::new(),
        }
    }
}

/// `[runs]`: how jobs are run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// How many runs a process of `tailwater serve` or `tailwater worker` may have at once; 0 for none.
    pub slots: u32,
    /// How many runs of each job are kept, with log and artifacts.
    pub keep: u32,
    /// How long runs under way may go on after their process was told to stop, in seconds; then they are
    /// interrupted, and another process begins them anew.
    pub patience_seconds: u32,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            slots: 2,
            keep: 100,
            patience_seconds: 20,
        }
    }
}

/// `[refresh]`: when extracts are refreshed, for everything, and `[[refresh.policy]]` for a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefreshSettings {
    /// How long the BI tool's list of jobs is searched in vain, in seconds, before a refresh is sent again whose call
    /// may have been lost; the call itself is broken off after half of it.
    pub search_seconds: u32,
    /// What holds for everything unless told otherwise.
    #[serde(flatten)]
    pub defaults: PolicyPart,
    /// After how many seconds the BI tool is first asked how a refresh stands, 1 to 300; then at growing intervals,
    /// up to six times as long.
    pub poll_seconds: u32,
    /// What holds for a part.
    #[serde(rename = "policy", skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicySettings>,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            search_seconds: 90,
            defaults: PolicyPart::default(),
            poll_seconds: 5,
            policies: Vec::new(),
        }
    }
}

impl RefreshSettings {
    /// What makes no sense beside the policies.
    pub fn problem(&self) -> Option<String> {
        let is_good = (1..=300).contains(&self.poll_seconds);
        (!is_good).then(|| format!("`poll_seconds` is {}, and must be 1 to 300", self.poll_seconds))
    }
}

/// `[[refresh.policy]]`: to what it applies, and what holds there. One of project, integration and exposure is
/// said; with a project perhaps one of its environments, with an integration perhaps one of its collections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PolicySettings {
    /// A dbt project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// An environment of it; its production when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// A BI site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<IntegrationName>,
    /// A collection of it, by path or id, with what is below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// An exposure, by `unique_id`, name or label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<String>,
    /// What holds.
    #[serde(flatten)]
    pub part: PolicyPart,
}

impl PolicySettings {
    /// To what it applies, in words.
    pub fn title(&self) -> String {
        let said = [
            ("project", self.project.as_ref().map(ProjectName::as_str)),
            (
                "environment",
                self.environment.as_ref().map(EnvironmentName::as_str),
            ),
            (
                "integration",
                self.integration.as_ref().map(IntegrationName::as_str),
            ),
            ("collection", self.collection.as_deref()),
            ("exposure", self.exposure.as_deref()),
        ];
        let said: Vec<String> = said
            .into_iter()
            .filter_map(|(what, name)| Some(format!("{what} `{}`", name?)))
            .collect();
        if said.is_empty() {
            "a `[[refresh.policy]]` without a scope".to_owned()
        } else {
            said.join(", ")
        }
    }

    /// Why it applies to nothing, or to more than one thing.
    pub fn problem(&self) -> Option<String> {
        let tops = [
            self.project.is_some(),
            self.integration.is_some(),
            self.exposure.is_some(),
        ];
        let problem = match tops.into_iter().filter(|said| *said).count() {
            0 => "say to what it applies: `project`, `integration` or `exposure`",
            1 if self.environment.is_some() && self.project.is_none() => "`environment` needs its `project`",
            1 if self.collection.is_some() && self.integration.is_none() => {
                "`collection` needs its `integration`"
            }
            1 => return None,
            _ => "it applies to one of `project`, `integration` and `exposure`, not to several",
        };
        Some(problem.to_owned())
    }
}

// A flattened part would take unknown keys in silence, and a misspelt key must be refused.
impl<'de> Deserialize<'de> for RefreshSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let policies = fields.remove("policy").map(serde_json::from_value).transpose();
        let search_seconds = match fields.remove("search_seconds").map(serde_json::from_value) {
            None => Self::default().search_seconds,
            Some(told) => told.map_err(|error| D::Error::custom(format!("search_seconds: {error}")))?,
        };
        if !(1..=3_600).contains(&search_seconds) {
            return Err(D::Error::custom("search_seconds is 1 to 3600"));
        }
        let poll_seconds = fields
            .remove("poll_seconds")
            .map(serde_json::from_value)
            .transpose();
        let defaults = serde_json::from_value(Value::Object(fields));
        Ok(Self {
            search_seconds,
            defaults: defaults.map_err(D::Error::custom)?,
            poll_seconds: poll_seconds
                .map_err(D::Error::custom)?
                .unwrap_or(Self::default().poll_seconds),
            policies: policies.map_err(D::Error::custom)?.unwrap_or_default(),
        })
    }
}

impl<'de> Deserialize<'de> for PolicySettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Selector {
            project: Option<ProjectName>,
            environment: Option<EnvironmentName>,
            integration: Option<IntegrationName>,
            collection: Option<String>,
            exposure: Option<String>,
        }
        let mut fields = Map::deserialize(deserializer)?;
        let mut selector = Map::new();
        for name in ["project", "environment", "integration", "collection", "exposure"] {
            selector.extend(fields.remove_entry(name));
        }
        let selector: Selector = serde_json::from_value(Value::Object(selector)).map_err(D::Error::custom)?;
        Ok(Self {
            project: selector.project,
            environment: selector.environment,
            integration: selector.integration,
            collection: selector.collection,
            exposure: selector.exposure,
            part: serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?,
        })
    }
}

/// `[[project]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSettings {
    /// Its name in Tailwater.
    pub name: ProjectName,
    /// The `manifest.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Utf8PathBuf>,
    /// Or the directory that dbt writes its artifacts to. With neither, they are handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dir: Option<Utf8PathBuf>,
    /// Environments beside the one that the project has of itself.
    #[serde(default, rename = "environment", skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<EnvironmentSettings>,
}

/// `[[project.environment]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSettings {
    /// Its name.
    pub name: EnvironmentName,
    /// The `manifest.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Utf8PathBuf>,
    /// Or the directory that dbt writes its artifacts to. With neither, they are handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_dir: Option<Utf8PathBuf>,
    /// Whether it is the project's production.
    #[serde(default)]
    pub production: bool,
}

/// `[[integration]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationSettings {
    /// Its name in Tailwater.
    pub name: IntegrationName,
    /// The BI tool.
    #[serde(default)]
    pub kind: Kind,
    /// The server's address, or any address of the site copied from the browser.
    pub server: String,
    /// The site's name in addresses; empty for the default site.
    #[serde(default)]
    pub site: Option<String>,
    /// The name of the personal access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_name: Option<String>,
    /// Or the connected app that is signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_app: Option<ConnectedAppSettings>,
    /// The environment variable that holds the token's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_env: Option<String>,
    /// Or the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_file: Option<Utf8PathBuf>,
    /// Allows plain `http` to hosts other than this machine.
    #[serde(default)]
    pub allow_http: bool,
    /// The collections to import; see [`tailwater_core::selection`].
    #[serde(default)]
    pub collections: Vec<String>,
    /// The dbt projects that feed the site, by name; all when empty. The first names the exposures.
    #[serde(default)]
    pub projects: Vec<ProjectName>,
    /// Rules that rewrite the site's names for databases and schemas.
    #[serde(default, rename = "map")]
    pub mapping: Vec<MappingRule>,
    /// When it is synced, where that is not when all others are.
    #[serde(default, rename = "sync", skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleSettings>,
    /// The way to it, where that is another than to all others.
    #[serde(default)]
    pub http: HttpSettings,
}

/// `[integration.connected_app]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectedAppSettings {
    /// The app's client id.
    pub client_id: String,
    /// The id of one of its secrets.
    pub secret_id: String,
    /// The name of the user of the site as whom it signs in.
    pub user: String,
    /// The environment variable that holds the secret's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// Or the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<Utf8PathBuf>,
}

impl IntegrationSettings {
    /// With what it signs in, and where the secret of that is: in a variable, or a file, or else in the store.
    ///
    /// # Errors
    /// When neither a token nor a connected app is named, or both are.
    pub fn sign_in(&self) -> Result<(CredentialName, Option<&str>, Option<&Utf8Path>), Error> {
        match (&self.token_name, &self.connected_app) {
            (Some(name), None) => Ok((
                CredentialName::Token(name.clone()),
                self.token_secret_env.as_deref(),
                self.token_secret_file.as_deref(),
            )),
            (None, Some(app)) if self.token_secret_env.is_none() && self.token_secret_file.is_none() => {
                let name = ConnectedApp {
                    client_id: app.client_id.clone(),
                    secret_id: app.secret_id.clone(),
                    user: app.user.clone(),
                };
                Ok((
                    CredentialName::ConnectedApp(name),
                    app.secret_env.as_deref(),
                    app.secret_file.as_deref(),
                ))
            }
            (_, Some(_)) => Err(Error::CredentialDeclaredTwice {
                name: self.name.clone(),
            }),
            (None, None) => Err(Error::CredentialNotDeclared {
                name: self.name.clone(),
            }),
        }
    }

    /// The environment variable that holds its secret, where one does.
    pub fn secret_variable(&self) -> Option<&str> {
        let app = self.connected_app.as_ref();
        let of_app = app.and_then(|app| app.secret_env.as_deref());
        self.token_secret_env.as_deref().or(of_app)
    }
}

/// The BI tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tableau Server or Tableau Cloud.
    #[default]
    Tableau,
}

impl Kind {
    /// The word in JSON and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tableau => "tableau",
        }
    }
}

/// Where something was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclaredIn {
    /// In `tailwater.toml`: read-only for commands.
    File,
    /// By a command, kept in the store.
    Store,
}

/// What `tailwater init` writes.
pub const TEMPLATE: &str = include_str!("../template/tailwater.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_and_declares_nothing_by_itself() {
        let settings: Settings = toml::from_str(TEMPLATE).unwrap();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn the_template_without_its_comment_signs_is_valid_too() {
        let text: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");
        let settings: Settings = toml::from_str(&text).unwrap();
        assert_eq!(settings.projects.len(), 1);
        assert_eq!(settings.integrations.len(), 1);
        assert_eq!(settings.integrations[0].mapping.len(), 1);
        // What the template shows as values that hold without it.
        assert_eq!(settings.history, HistorySettings::default());
        assert_eq!(
            settings.refresh.poll_seconds,
            RefreshSettings::default().poll_seconds
        );
    }

    #[test]
    fn an_integration_signs_in_with_a_token_or_a_connected_app() {
        let sign_in = |text: &str| {
            let text = format!("[[integration]]\nname = 'm'\nserver = 's'\n{text}");
            let settings: Settings = toml::from_str(&text).unwrap();
            let integration = &settings.integrations[0];
            let variable = integration.secret_variable().map(str::to_owned);
            integration
                .sign_in()
                .map(|(credential, ..)| (credential.to_string(), variable))
        };
        assert_eq!(
            sign_in("token_name = 't'\ntoken_secret_env = 'T'").unwrap(),
            ("token \"t\"".to_owned(), Some("T".to_owned()))
        );
        let app = "connected_app = { client_id = 'c', secret_id = 's', user = 'u', secret_env = 'A' }";
        assert_eq!(
            sign_in(app).unwrap(),
            ("connected app \"c\" as \"u\"".to_owned(), Some("A".to_owned()))
        );
        for wrong in [
            "",
            &format!("token_name = 't'\n{app}"),
            &format!("token_secret_env = 'T'\n{app}"),
        ] {
            use tailwater_core::diagnostic::Diagnostic as _;
            assert_eq!(
                sign_in(wrong).unwrap_err().code(),
                "TW-SETTINGS-CREDENTIAL",
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let error = toml::from_str::<Settings>("[store]\nurI = 'x'").unwrap_err();
        assert!(error.to_string().contains("urI"), "{error}");
    }

    #[test]
    fn the_search_for_a_lost_call_has_limits() {
        let search = |text: &str| {
            let settings = toml::from_str::<Settings>(&format!("[refresh]\nsearch_seconds = {text}"));
            settings.map(|settings| settings.refresh.search_seconds)
        };
        assert_eq!(search("240").unwrap(), 240);
        for nonsense in ["0", "3601", "-1", "'long'"] {
            let error = search(nonsense).unwrap_err().to_string();
            assert!(error.contains("search_seconds"), "{error}");
        }
        assert_eq!(Settings::default().refresh.search_seconds, 90);
    }

    #[test]
    fn policies_of_refreshing_are_read_and_misspelt_keys_refused() {
        let text = "[refresh]\nenabled = true\nfresh_by = '07:00'\npoll_seconds = 2\n\
            quiet_hours = { from = '22:00', until = '06:00' }\n\
            [[refresh.policy]]\nintegration = 'main'\ncollection = 'Finance'\ninterval_minutes = 30\n";
        let settings: Settings = toml::from_str(text).unwrap();
        let refresh = &settings.refresh;
        assert_eq!(refresh.defaults.enabled, Some(true));
        assert_eq!((refresh.poll_seconds, refresh.problem()), (2, None));
        assert_eq!(refresh.policies[0].collection.as_deref(), Some("Finance"));
        assert_eq!(refresh.policies[0].part.interval_minutes, Some(30));
        for (text, word) in [
            ("[refresh]\ninterval = 5", "interval"),
            ("[[refresh.policy]]\nexposure = 'x'\nenable = true", "enable"),
        ] {
            let error = toml::from_str::<Settings>(text).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
        for (text, word) in [
            ("enabled = true", "say to what"),
            ("environment = 'ci'", "say to what"),
            ("exposure = 'x'\nenvironment = 'ci'", "needs its `project`"),
            ("project = 'x'\ncollection = 'y'", "needs its `integration`"),
            ("project = 'x'\nexposure = 'y'", "not to several"),
        ] {
            let settings: Settings = toml::from_str(&format!("[[refresh.policy]]\n{text}")).unwrap();
            let problem = settings.refresh.policies[0].problem().unwrap();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
