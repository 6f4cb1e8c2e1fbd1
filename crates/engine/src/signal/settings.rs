//! `[signals]` and `[[channel]]` in `tailwater.toml`.

use camino::Utf8PathBuf;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tailwater_bi::outgoing::{email, slack};
use tailwater_core::id::IntegrationName;
use tailwater_core::signal::{Manners, Rule};

/// `[signals]`: how often people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalSettings {
    /// After how many hours people are told again of what is still wrong; never with 0.
    pub remind_hours: u32,
    /// For how many minutes something must be good before it counts as recovered.
    pub settle_minutes: u32,
    /// How often a delivery is tried before it is given up: over about a day with 12.
    pub attempts: u32,
    /// How many days ended alarms and deliveries are kept.
    pub keep_days: u32,
    /// The integrations in which data quality warnings are put on what a failed test looks at.
    pub quality_warnings: Vec<IntegrationName>,
    /// The namespace of jobs and runs in OpenLineage events.
    pub lineage_namespace: String,
    /// The namespace of the warehouse's tables in OpenLineage events, such as `snowflake://acme-prod`; left out, the
    /// adapter's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_namespace: Option<String>,
}

impl Default for SignalSettings {
    fn default() -> Self {
        Self {
            remind_hours: 24,
            settle_minutes: 10,
            attempts: 12,
            keep_days: 30,
            quality_warnings: Vec::new(),
            lineage_namespace: "tailwater".to_owned(),
            dataset_namespace: None,
        }
    }
}

impl SignalSettings {
    /// How often people are told.
    pub fn manners(&self) -> Manners {
        let hours = Some(self.remind_hours).filter(|hours| *hours > 0);
        Manners {
            remind_after: hours.map(|hours| TimeDelta::hours(hours.into())),
            settle: TimeDelta::minutes(self.settle_minutes.into()),
        }
    }
}

/// The kinds of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    /// JSON to an address of yours, signed.
    Webhook,
    /// A chat that takes Slack's incoming webhooks.
    Slack,
    /// Letters by SMTP.
    Email,
    /// OpenLineage events to a collector.
    OpenlineageHttp,
    /// OpenLineage events as lines of a file.
    OpenlineageFile,
}

impl ChannelKind {
    /// The word in settings and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Email => "email",
            Self::OpenlineageHttp => "openlineage-http",
            Self::OpenlineageFile => "openlineage-file",
        }
    }

    /// Whether it is told of runs, not of alarms.
    pub const fn is_lineage(self) -> bool {
        matches!(self, Self::OpenlineageHttp | Self::OpenlineageFile)
    }
}

/// How a mail server's connection is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTlsChoice {
    /// Sealed after a greeting in the clear, or not at all (port 587).
    #[default]
    Starttls,
    /// Sealed from the beginning (port 465).
    Implicit,
    /// Never: for a relay on this machine or in a trusted network.
    None,
}

/// `[[channel]]`: where signals go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Whether anything is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The address of a webhook or collector, where it is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The environment variable that holds the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// Or the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<Utf8PathBuf>,
    /// The environment variable that holds the key: a webhook's for signing, a collector's, the mail user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// Or the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<Utf8PathBuf>,
    /// Whether addresses of private networks and of this machine may be called.
    #[serde(default)]
    pub allow_private: bool,
    /// Whether plain http to another machine is allowed.
    #[serde(default)]
    pub allow_http: bool,
    /// A PEM file with further certificate authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<Utf8PathBuf>,
    /// Whom a chat calls when something is wrong: `here`, `channel`, or ids of people (`U…`) and groups (`S…`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// The mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its port; left out, the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How its connection is sealed.
    #[serde(default)]
    pub tls: MailTlsChoice,
    /// The mail user, where the server asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// From whom letters come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To whom all letters go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Whether the owners of affected dashboards are written to, each of what is theirs.
    #[serde(default)]
    pub to_owners: bool,
    /// The domains to which owners are written; every one when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owner_domains: Vec<String>,
    /// The file for OpenLineage events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Utf8PathBuf>,
    /// What it is told.
    #[serde(default)]
    pub tell: Rule,
}

const fn yes() -> bool {
    true
}

impl ChannelSettings {
    /// What makes no sense about it, without any secret; `None` when all is well.
    pub fn problem(&self) -> Option<String> {
        let addresses = [
            self.url.is_some(),
            self.url_env.is_some(),
            self.url_file.is_some(),
        ];
        let addresses = addresses.into_iter().filter(|given| *given).count();
        let wants_address = matches!(
            self.kind,
            ChannelKind::Webhook | ChannelKind::Slack | ChannelKind::OpenlineageHttp
        );
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return Some("it has no name".to_owned());
        }
        if wants_address && addresses != 1 {
            return Some("give one of `url`, `url_env` and `url_file`".to_owned());
        }
        if self.kind == ChannelKind::Slack && self.url.is_some() {
            return Some(
                "the address of a chat's webhook is a secret: give it as `url_env` or `url_file`".to_owned(),
            );
        }
        if self.secret_env.is_some() && self.secret_file.is_some() {
            return Some("give only one of `secret_env` and `secret_file`".to_owned());
        }
        if let Some(bad) = self.mentions.iter().find(|mention| !slack::is_mention(mention)) {
            return Some(format!("{bad:?} is nobody who could be mentioned"));
        }
        match self.kind {
            ChannelKind::Email => self.mail_problem(),
            ChannelKind::OpenlineageFile if self.path.is_none() => {
                Some("give the `path` of the file".to_owned())
            }
            _ => None,
        }
    }

    fn mail_problem(&self) -> Option<String> {
        if self.host.is_none() {
            return Some("give the mail server as `host`".to_owned());
        }
        match &self.from {
            Some(from) if email::is_mailbox(from) => {}
            _ => return Some("give the sender's address as `from`".to_owned()),
        }
        if let Some(bad) = self.to.iter().find(|to| !email::is_address(to)) {
            return Some(format!("{bad:?} is no address that a letter can go to"));
        }
        (self.to.is_empty() && !self.to_owners)
            .then(|| "say to whom letters go: `to`, or `to_owners = true`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("kind = 'webhook'\nurl = 'https://a.example'", None)]
    #[case("kind = 'webhook'", Some("url"))]
    #[case("kind = 'webhook'\nurl = 'https://a.example'\nurl_env = 'X'", Some("url"))]
    #[case("kind = 'slack'\nurl = 'https://a.example'", Some("secret"))]
    #[case("kind = 'slack'\nurl_env = 'X'\nmentions = ['<!here>']", Some("mentioned"))]
    #[case("kind = 'slack'\nurl_env = 'X'\nmentions = ['here', 'U012']", None)]
    #[case("kind = 'email'\nhost = 'mail'\nfrom = 'Data <a@b.c>'\nto = ['x@y.z']", None)]
    #[case("kind = 'email'\nhost = 'mail'\nfrom = 'a@b.c'", Some("to whom"))]
    #[case(
        "kind = 'email'\nhost = 'mail'\nfrom = 'nobody'\nto_owners = true",
        Some("from")
    )]
    #[case("kind = 'openlineage-file'", Some("path"))]
    #[case("kind = 'openlineage-file'\npath = 'x.ndjson'", None)]
    fn a_channel_says_what_is_wrong_with_it(#[case] toml: &str, #[case] word: Option<&str>) {
        let channel: ChannelSettings = toml::from_str(&format!("name = 'x'\n{toml}")).unwrap();
        let problem = channel.problem();
        assert_eq!(problem.is_some(), word.is_some(), "{problem:?}");
        assert!(problem.unwrap_or_default().contains(word.unwrap_or_default()));
    }
}
