//! What can go wrong in a use case.

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{IntegrationName, ProjectName};

/// An error of a use case. Errors of the crates below keep their own code and advice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] tailwater_store::Error),
    /// An artifact could not be read.
    #[error(transparent)]
    Artifact(#[from] tailwater_dbt::Error),
    /// A connector failed.
    #[error(transparent)]
    Connector(#[from] tailwater_bi::Error),
    /// A selector could not be read.
    #[error(transparent)]
    Selector(#[from] tailwater_core::selector::SelectorError),
    /// A drawing of lineage cannot be made as asked.
    #[error(transparent)]
    Picture(tailwater_core::picture::PictureError),
    /// A mapping rule says too little or too much.
    #[error(transparent)]
    Mapping(#[from] tailwater_core::mapping::MappingError),
    /// Something about accounts or sign-in was refused.
    #[error(transparent)]
    Account(#[from] crate::account::AccountError),
    /// Artifacts were not taken over, or an environment is not known.
    #[error(transparent)]
    Ingest(#[from] crate::ingest::IngestError),
    /// A job, or a run of one.
    #[error(transparent)]
    Job(#[from] crate::job::JobError),
    /// Exposures could not be exported.
    #[error(transparent)]
    Export(#[from] crate::export::ExportError),
    /// A channel of signals cannot be used.
    #[error(transparent)]
    Signal(#[from] crate::signal::SignalError),
    /// Two moments cannot be compared.
    #[error(transparent)]
    Diff(#[from] crate::sync::moment::DiffError),
    /// The key could not be changed.
    #[error(transparent)]
    Upkeep(#[from] crate::upkeep::UpkeepError),
    /// An error that several ask about.
    #[error(transparent)]
    Shared(std::sync::Arc<Self>),
    /// A project of which no artifacts have arrived.
    #[error("no dbt artifacts of project `{project}` have arrived yet")]
    NoArtifacts {
        /// The project.
        project: ProjectName,
    },
    /// What people said of an exposure cannot stand.
    #[error(transparent)]
    Curation(#[from] crate::curation::CurateError),
    /// A policy of refreshing cannot stand, or nothing of the kind is refreshed.
    #[error(transparent)]
    Policy(#[from] crate::policy::PolicyError),
    /// No project is known.
    #[error("no dbt project is known")]
    NoProjects,
    /// Several projects are known, and none was named.
    #[error("several dbt projects are known, and none was named")]
    SeveralProjects {
        /// The names that are known.
        known: Vec<ProjectName>,
    },
    /// No project of this name is known.
    #[error("no dbt project is called `{name}`")]
    UnknownProject {
        /// The name.
        name: ProjectName,
        /// The names that are known.
        known: Vec<ProjectName>,
    },
    /// A declared project says twice where its artifacts are.
    #[error("project `{name}` in `tailwater.toml` says both `manifest` and `target_dir` of one environment")]
    ProjectLocation {
        /// The project.
        name: ProjectName,
    },
    /// Two projects of one name are declared.
    #[error("`tailwater.toml` declares {what} `{name}` twice")]
    DeclaredTwice {
        /// `project` or `integration`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The project is declared in the file and cannot be changed by command.
    #[error("{what} `{name}` is declared in `tailwater.toml`, which commands do not change")]
    DeclaredInFile {
        /// `project` or `integration`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An integration or project of this name exists.
    #[error("{what} `{name}` already exists")]
    AlreadyExists {
        /// `project` or `integration`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A project that integrations read cannot be removed.
    #[error("project `{name}` is read by the integrations {integrations:?}")]
    ProjectInUse {
        /// The project.
        name: ProjectName,
        /// Who reads it.
        integrations: Vec<String>,
    },
    /// A name that is not fit for files, addresses and commands.
    #[error("`{name}` is not a good name for {what}")]
    BadName {
        /// `a project` or `an integration`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that is a word of the pages' addresses.
    #[error("`{name}` cannot be the name of {what}")]
    ReservedName {
        /// `an integration`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// No integration is known.
    #[error("no integration is known")]
    NoIntegrations,
    /// Several integrations are known, and none was named.
    #[error("several integrations are known, and none was named")]
    SeveralIntegrations {
        /// The names that are known.
        known: Vec<IntegrationName>,
    },
    /// No integration of this name is known.
    #[error("no integration is called `{name}`")]
    UnknownIntegration {
        /// The name.
        name: IntegrationName,
        /// The names that are known.
        known: Vec<IntegrationName>,
    },
    /// No refresh has this id.
    #[error("no refresh has the id `{id}`")]
    UnknownRefresh {
        /// The id.
        id: String,
    },
    /// Nothing is selected.
    #[error("integration `{name}` has no collections selected, so there is nothing to import")]
    NothingSelected {
        /// The integration.
        name: IntegrationName,
    },
    /// A collection that is not there.
    #[error("integration `{name}` shows no collection `{pattern}`")]
    UnknownCollection {
        /// The integration.
        name: IntegrationName,
        /// What was asked for.
        pattern: String,
        /// The nearest collection's path.
        nearest: Option<String>,
    },
    /// A pattern that is not in the selection.
    #[error("`{pattern}` is not among the selected collections of integration `{name}`")]
    NotSelected {
        /// The integration.
        name: IntegrationName,
        /// What was asked for.
        pattern: String,
        /// What is selected.
        selected: Vec<String>,
    },
    /// A mapping rule that is not there.
    #[error("integration `{name}` has no mapping rule number {number}")]
    UnknownRule {
        /// The integration.
        name: IntegrationName,
        /// The number, from 1.
        number: usize,
    },
    /// The environment variable that should hold a secret is missing or empty.
    #[error(
        "the environment variable `{variable}`, which should hold the secret of integration `{name}`, is not set"
    )]
    SecretVariable {
        /// The integration.
        name: IntegrationName,
        /// The variable.
        variable: String,
    },
    /// The file that should hold a secret cannot be read or is empty.
    #[error("the secret of integration `{name}` could not be read from `{path}`")]
    SecretFile {
        /// The integration.
        name: IntegrationName,
        /// The file.
        path: Utf8PathBuf,
        /// Why; `None` when the file is empty.
        source: Option<std::io::Error>,
    },
    /// No secret is known.
    #[error("no secret is known for integration `{name}`")]
    NoSecret {
        /// The integration.
        name: IntegrationName,
    },
    /// Another process works with the same integration.
    #[error("integration `{name}` is being read by {holder} until {until} at the latest")]
    Busy {
        /// The integration.
        name: IntegrationName,
        /// Who holds the lease.
        holder: String,
        /// When the lease ends.
        until: chrono::DateTime<chrono::Utc>,
    },
    /// The person stopped it.
    #[error("stopped before it was done; nothing was changed")]
    Cancelled,
    /// A schedule that makes no sense.
    #[error("`{value}` is no schedule: {problem}")]
    ScheduleInvalid {
        /// What was given.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No sync of this id is known.
    #[error("no sync `{id}` is known")]
    UnknownSync {
        /// The id.
        id: String,
    },
    /// No draft of this id is known.
    #[error("this draft of a connection is not known any more")]
    UnknownDraft,
    /// A draft lacks what the next step needs.
    #[error("the connection is not described yet: {missing} is missing")]
    DraftIncomplete {
        /// What is missing.
        missing: &'static str,
    },
    /// Another server would get to see a secret that was given for this one.
    #[error("the secret was given for `{server}`; another server needs it given again")]
    SecretForOtherServer {
        /// The server that it was given for.
        server: String,
    },
    /// A token's secret would be taken for a connected app's, or the other way round.
    #[error("the secret that is known is that of a {kind}; with what is signed in now it is another")]
    SecretOfOtherKind {
        /// What it is the secret of, in words.
        kind: &'static str,
    },
    /// With what an integration signs in is not said in full.
    #[error("{missing} is missing")]
    CredentialIncomplete {
        /// What is missing.
        missing: &'static str,
    },
    /// The file does not say with what an integration signs in.
    #[error("integration `{name}` has neither `token_name` nor `connected_app`")]
    CredentialNotDeclared {
        /// The integration.
        name: IntegrationName,
    },
    /// The file says in two ways with what an integration signs in.
    #[error("integration `{name}` has a token and a connected app")]
    CredentialDeclaredTwice {
        /// The integration.
        name: IntegrationName,
    },
    /// What was asked about is not known.
    #[error("nothing is known as `{subject}`")]
    UnknownSubject {
        /// What was asked about.
        subject: String,
        /// The nearest things that are known.
        nearest: Vec<String>,
    },
}

/// A mistake in a selector is the same wherever the selector is read.
impl From<tailwater_core::picture::PictureError> for Error {
    fn from(error: tailwater_core::picture::PictureError) -> Self {
        match error {
            tailwater_core::picture::PictureError::Selector(error) => Self::Selector(error),
            other => Self::Picture(other),
        }
    }
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Artifact(error) => error.code(),
            Self::Connector(error) => error.code(),
            Self::Selector(error) => error.code(),
            Self::Picture(error) => error.code(),
            Self::Mapping(error) => error.code(),
            Self::Account(error) => error.code(),
            Self::Ingest(error) => error.code(),
            Self::Job(error) => error.code(),
            Self::Export(error) => error.code(),
            Self::Signal(error) => error.code(),
            Self::Diff(error) => error.code(),
            Self::Upkeep(error) => error.code(),
            Self::Shared(error) => error.code(),
            Self::Curation(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::NoProjects => "TW-PROJECT-NONE",
            Self::NoArtifacts { .. } => "TW-PROJECT-NO-ARTIFACTS",
            Self::SeveralProjects { .. } => "TW-PROJECT-SEVERAL",
            Self::UnknownProject { .. } => "TW-PROJECT-UNKNOWN",
            Self::ProjectLocation { .. } => "TW-PROJECT-LOCATION",
            Self::ProjectInUse { .. } => "TW-PROJECT-IN-USE",
            Self::DeclaredTwice { .. } => "TW-SETTINGS-DECLARED-TWICE",
            Self::DeclaredInFile { .. } => "TW-SETTINGS-READ-ONLY",
            Self::AlreadyExists { .. } => "TW-SETTINGS-EXISTS",
            Self::BadName { .. } | Self::ReservedName { .. } => "TW-SETTINGS-BAD-NAME",
            Self::NoIntegrations => "TW-INTEGRATION-NONE",
            Self::SeveralIntegrations { .. } => "TW-INTEGRATION-SEVERAL",
            Self::UnknownIntegration { .. } => "TW-INTEGRATION-UNKNOWN",
            Self::UnknownRefresh { .. } => "TW-REFRESH-NOT-FOUND",
            Self::NothingSelected { .. } => "TW-COLLECTION-NONE-SELECTED",
            Self::UnknownCollection { .. } => "TW-COLLECTION-UNKNOWN",
            Self::NotSelected { .. } => "TW-COLLECTION-NOT-SELECTED",
            Self::UnknownRule { .. } => "TW-MAP-UNKNOWN-RULE",
            Self::SecretVariable { .. } => "TW-SECRET-VARIABLE",
            Self::SecretFile { .. } => "TW-SECRET-FILE",
            Self::NoSecret { .. } => "TW-SECRET-NONE",
            Self::Busy { .. } => "TW-SYNC-BUSY",
            Self::Cancelled => "TW-CANCELLED",
            Self::ScheduleInvalid { .. } => "TW-SCHEDULE-INVALID",
            Self::UnknownSync { .. } => "TW-SYNC-UNKNOWN",
            Self::UnknownDraft => "TW-DRAFT-UNKNOWN",
            Self::DraftIncomplete { .. } => "TW-DRAFT-INCOMPLETE",
            Self::SecretForOtherServer { .. } => "TW-SECRET-OTHER-SERVER",
            Self::SecretOfOtherKind { .. } => "TW-SECRET-OTHER-KIND",
            Self::CredentialIncomplete { .. } => "TW-CREDENTIAL-INCOMPLETE",
            Self::CredentialNotDeclared { .. } | Self::CredentialDeclaredTwice { .. } => {
                "TW-SETTINGS-CREDENTIAL"
            }
            Self::UnknownSubject { .. } => "TW-SUBJECT-UNKNOWN",
        }
    }

    fn hint(&self) -> Option<String> {
        let known = |names: Vec<&str>| {
            if names.is_empty() {
                "none is known yet".to_owned()
            } else {
                format!("known are {}", names.join(", "))
            }
        };
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Artifact(error) => return error.hint(),
            Self::Connector(error) => return error.hint(),
            Self::Selector(error) => return error.hint(),
            Self::Picture(error) => return error.hint(),
            Self::Mapping(error) => return error.hint(),
            Self::Account(error) => return error.hint(),
            Self::Ingest(error) => return error.hint(),
            Self::Job(error) => return error.hint(),
            Self::Export(error) => return error.hint(),
            Self::Signal(error) => return error.hint(),
            Self::Diff(error) => return error.hint(),
            Self::Upkeep(error) => return error.hint(),
            Self::Shared(error) => return error.hint(),
            Self::UnknownRefresh { .. } => "`tailwater refreshes` shows those that are kept".to_owned(),
            Self::NoArtifacts { project } => {
                format!("run `dbt build`, then `tailwater ingest target --project {project}`")
            }
            Self::Curation(error) => return error.hint(),
            Self::Policy(error) => return error.hint(),
            Self::NoProjects => {
                "run `tailwater project add NAME target/manifest.json`, or declare a [[project]] in `tailwater.toml`; \
                 without a `tailwater.toml` here or in a directory above, state is kept in the working directory, so that \
                 what was added in another one is not seen here"
                    .to_owned()
            }
            Self::SeveralProjects { known: names } => format!(
                "name one with `--project`; {}",
                known(names.iter().map(ProjectName::as_str).collect())
            ),
            Self::UnknownProject { known: names, .. } => known(names.iter().map(ProjectName::as_str).collect()),
            Self::ProjectLocation { .. } => "keep one of them; the directory also brings run results, freshness and catalog".to_owned(),
            Self::ProjectInUse { integrations, .. } => {
                format!("remove {} first, or give them other projects", integrations.join(", "))
            }
            Self::DeclaredTwice { .. } => "give one of them another name".to_owned(),
            Self::DeclaredInFile { .. } => "change it in `tailwater.toml`".to_owned(),
            Self::AlreadyExists { what, name } => {
                format!("choose another name, or remove it first: `tailwater {what} remove {name}`")
            }
            Self::ReservedName { name, .. } => format!("choose another: `{name}` stands in the addresses of pages"),
            Self::BadName { .. } => {
                "use letters, digits, `-`, `_` and `.`, starting with a letter or digit, 64 characters at most".to_owned()
            }
            Self::NoIntegrations => {
                "run `tailwater integration add tableau --help`, or declare an [[integration]] in `tailwater.toml`"
                    .to_owned()
            }
            Self::SeveralIntegrations { known: names } => {
                let names: Vec<&str> = names.iter().map(IntegrationName::as_str).collect();
                format!("name one with `--integration`: {}", names.join(", "))
            }
            Self::UnknownIntegration { known: names, .. } => known(names.iter().map(IntegrationName::as_str).collect()),
            Self::NothingSelected { name } => format!(
                "see what there is with `tailwater collections {name}`, then `tailwater collections {name} select 'Finance/**'` (`'**'` = all)"
            ),
            Self::UnknownCollection { nearest, name, .. } => nearest.as_ref().map_or_else(
                || format!("`tailwater collections {name}` lists what the token's user can see"),
                |nearest| format!("did you mean `{nearest}`? `tailwater collections {name}` lists all; names are case-sensitive"),
            ),
            Self::NotSelected { selected, .. } => known(selected.iter().map(String::as_str).collect()).replace("known", "selected"),
            Self::UnknownRule { name, .. } => format!("`tailwater integration map list {name}` numbers them"),
            Self::SecretVariable { variable, .. } => format!("set it: `export {variable}=…`"),
            Self::SecretFile { .. } => "put the secret alone into the file and make it readable for this user".to_owned(),
            Self::NoSecret { name } => format!(
                "give `token_secret_env`, or `secret_env` in `connected_app`, in `tailwater.toml`; or add it again: `tailwater integration add tableau --name {name} --secret-env VARIABLE …`"
            ),
            Self::Busy { .. } => "wait for it to end; two sign-ins with one token would end each other's session".to_owned(),
            Self::Cancelled => "run the command again to go on".to_owned(),
            Self::ScheduleInvalid { .. } => {
                "write `at = \"03:15\"` or `cron = \"15 3 * * *\"`, and `time_zone = \"Europe/Berlin\"`".to_owned()
            }
            Self::UnknownSync { .. } => "the integration's page lists its syncs; one that was stopped leaves no trace".to_owned(),
            Self::UnknownDraft => "begin again: drafts are forgotten after a week, and once the integration is saved".to_owned(),
            Self::DraftIncomplete { .. } => "go back to the step that asks for it".to_owned(),
            Self::SecretForOtherServer { .. } => "give the secret again, together with the new address".to_owned(),
            Self::SecretOfOtherKind { .. } => "give the secret of what is signed in with now".to_owned(),
            Self::CredentialIncomplete { .. } => {
                "give a token's name, or a connected app's client id, secret id and user".to_owned()
            }
            Self::CredentialNotDeclared { .. } => {
                "write `token_name = \"…\"`, or `connected_app = { client_id = \"…\", secret_id = \"…\", user = \"…\" }`"
                    .to_owned()
            }
            Self::CredentialDeclaredTwice { .. } => {
                "keep one of `token_name` (with `token_secret_env` or `token_secret_file`) and `connected_app` (with \
                 `secret_env` or `secret_file` in it)"
                    .to_owned()
            }
            Self::UnknownSubject { nearest, .. } if !nearest.is_empty() => format!("did you mean {}?", nearest.join(", ")),
            Self::UnknownSubject { .. } => {
                "give an exposure's name, a dbt node's name or unique_id, or a table as database.schema.table".to_owned()
            }
        })
    }
}
