//! Channels: those of `tailwater.toml` and those made by command, and opening them with their secrets.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tailwater_bi::outgoing::email::{Mail, MailTls};
use tailwater_bi::outgoing::{Caller, Failure, Message, Way, email, open_lineage, slack, webhook};
use tailwater_core::signal::Notice;
use url::Url;

use super::error::SignalError;
use super::settings::{ChannelKind, ChannelSettings, MailTlsChoice};
use crate::error::Error;
use crate::settings::DeclaredIn;
use crate::workspace::Workspace;

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// How it is reached, without secrets, and what it is told.
    #[serde(flatten)]
    pub settings: ChannelSettings,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
}

/// What one delivery holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Payload {
    /// Notices for people or programs.
    Notices {
        /// The readers of a letter; empty elsewhere.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<String>,
        /// What is told.
        notices: Vec<Notice>,
    },
    /// OpenLineage events, in order.
    Lineage {
        /// Their JSON.
        events: Vec<serde_json::Value>,
    },
}

impl Payload {
    /// As it is stored for a channel.
    pub(super) fn to_json(&self, channel: &str) -> Result<String, SignalError> {
        serde_json::to_string(self).map_err(|error| SignalError::Settings {
            name: channel.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// What did not go out.
pub(super) struct Unsent {
    /// Why.
    pub failure: Failure,
    /// What is left of it, where a part was taken.
    pub rest: Option<Payload>,
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Self {
        Self { failure, rest: None }
    }
}

/// The secrets of a channel that was made by command, as they are sealed.
#[derive(Default)]
struct Sealed {
    url: Option<SecretString>,
    secret: Option<SecretString>,
}

impl Sealed {
    fn read(text: &SecretString) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Plain {
            url: Option<String>,
            secret: Option<String>,
        }
        let plain: Plain = serde_json::from_str(text.expose_secret())?;
        Ok(Self {
            url: plain.url.map(SecretString::from),
            secret: plain.secret.map(SecretString::from),
        })
    }
}

impl Workspace {
    /// Every channel: those of the settings, then those made by command under other names.
    pub async fn channels(&self) -> Result<Vec<Channel>, Error> {
        let declared = self.settings().channels.iter().map(|settings| Channel {
            settings: settings.clone(),
            declared_in: DeclaredIn::File,
        });
        let mut channels: Vec<Channel> = declared.collect();
        for record in self.store().channels().await? {
            if channels
                .iter()
                .any(|channel| channel.settings.name == record.name)
            {
                continue;
            }
            match serde_json::from_str(&record.body) {
                Ok(settings) => channels.push(Channel {
                    settings,
                    declared_in: DeclaredIn::Store,
                }),
                // Written by a newer release: it is not this one's to judge.
                Err(error) => {
                    tracing::warn!(channel = record.name, %error, "a stored channel cannot be read");
                }
            }
        }
        Ok(channels)
    }

    /// Looks a channel up.
    pub async fn find_channel(&self, name: &str) -> Result<Channel, Error> {
        let channels = self.channels().await?;
        let known = channels
            .iter()
            .map(|channel| channel.settings.name.clone())
            .collect();
        let found = channels.into_iter().find(|channel| channel.settings.name == name);
        found.ok_or_else(|| {
            let name = name.to_owned();
            SignalError::UnknownChannel { name, known }.into()
        })
    }

    /// Reads a channel's secrets and sets it up for sending.
    pub(super) async fn open_channel(&self, channel: &Channel) -> Result<OpenChannel, Error> {
        let settings = &channel.settings;
        if let Some(reason) = settings.problem() {
            return Err(refused(settings, reason));
        }
        let sealed = match channel.declared_in {
            DeclaredIn::File => Sealed::default(),
            DeclaredIn::Store => {
                let key = self.sealing_key()?;
                let text = self.store().find_channel_secret(&settings.name, &key).await?;
                text.as_ref()
                    .map(Sealed::read)
                    .transpose()
                    .map_err(|_| refused(settings, "its stored secrets cannot be read".to_owned()))?
                    .unwrap_or_default()
            }
        };
        let secret = |what, variable: &Option<String>, file: &Option<camino::Utf8PathBuf>| {
            self.channel_secret(settings, what, variable.as_deref(), file.as_deref())
        };
        let key = secret("the key", &settings.secret_env, &settings.secret_file)?.or(sealed.secret);
        let address = match &settings.url {
            Some(url) => Some(SecretString::from(url.as_str())),
            None => secret("the address", &settings.url_env, &settings.url_file)?.or(sealed.url),
        };
        let ca_file = settings
            .ca_file
            .as_ref()
            .map(|file| self.path(file).into_std_path_buf());
        let caller = || {
            let way = Way {
                allow_private: settings.allow_private,
                allow_http: settings.allow_http,
                ca_file: ca_file.clone(),
            };
            Caller::new(&way, Arc::clone(self.clock())).map_err(|source| send_error(settings, source))
        };
        let url = || {
            let text = address.as_ref().map(|address| address.expose_secret().trim());
            // What is wrong with the address is not said: it may be a secret.
            text.and_then(|text| Url::parse(text).ok())
                .filter(Url::has_host)
                .ok_or_else(|| refused(settings, "its address is no web address".to_owned()))
        };
        Ok(match settings.kind {
            ChannelKind::Webhook => OpenChannel::Webhook {
                caller: caller()?,
                url: url()?,
                secret: key,
            },
            ChannelKind::Slack => OpenChannel::Slack {
                caller: caller()?,
                url: url()?,
                mentions: settings.mentions.clone(),
            },
            ChannelKind::OpenlineageHttp => OpenChannel::Collector {
                caller: caller()?,
                url: url()?,
                key,
            },
            ChannelKind::OpenlineageFile => OpenChannel::File {
                path: self
                    .path(settings.path.as_deref().unwrap_or("lineage.ndjson".into()))
                    .into_std_path_buf(),
            },
            ChannelKind::Email => {
                let (tls, usual_port) = match settings.tls {
                    MailTlsChoice::Starttls => (MailTls::StartTls, 587),
                    MailTlsChoice::Implicit => (MailTls::Implicit, 465),
                    MailTlsChoice::None => (MailTls::None, 25),
                };
                OpenChannel::Email(Mail {
                    host: settings.host.clone().unwrap_or_default(),
                    port: settings.port.unwrap_or(usual_port),
                    tls,
                    user: settings.user.clone(),
                    password: key,
                    from: settings.from.clone().unwrap_or_default(),
                    ca_file,
                })
            }
        })
    }

    fn channel_secret(
        &self,
        settings: &ChannelSettings,
        what: &'static str,
        variable: Option<&str>,
        file: Option<&camino::Utf8Path>,
    ) -> Result<Option<SecretString>, Error> {
        let name = || settings.name.clone();
        let kept = |text: &str| {
            Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(SecretString::from)
        };
        if let Some(variable) = variable {
            let text = std::env::var(variable).ok();
            let missing = || SignalError::Variable {
                name: name(),
                what,
                variable: variable.to_owned(),
            };
            return Ok(Some(text.as_deref().and_then(kept).ok_or_else(missing)?));
        }
        let Some(file) = file else { return Ok(None) };
        let path = self.path(file);
        let unread = |source| SignalError::File {
            name: name(),
            what,
            path: path.clone(),
            source,
        };
        let text = std::fs::read_to_string(&path).map_err(|error| unread(Some(error)))?;
        Ok(Some(kept(&text).ok_or_else(|| unread(None))?))
    }
}

fn refused(settings: &ChannelSettings, reason: String) -> Error {
    let name = settings.name.clone();
    SignalError::Settings { name, reason }.into()
}

pub(super) fn send_error(settings: &ChannelSettings, source: tailwater_bi::outgoing::Error) -> Error {
    let name = settings.name.clone();
    SignalError::Send {
        name,
        source: Box::new(source),
    }
    .into()
}

/// A channel that can be sent to.
pub(super) enum OpenChannel {
    Webhook {
        caller: Caller,
        url: Url,
        secret: Option<SecretString>,
    },
    Slack {
        caller: Caller,
        url: Url,
        mentions: Vec<String>,
    },
    Email(Mail),
    Collector {
        caller: Caller,
        url: Url,
        key: Option<SecretString>,
    },
    File {
        path: std::path::PathBuf,
    },
}

impl OpenChannel {
    /// Sends one delivery. What does not fit the kind of channel is taken as sent: the channel has become another.
    pub(super) async fn send(
        &self,
        id: &str,
        payload: &Payload,
        catalog: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), Unsent> {
        match (self, payload) {
            (Self::Webhook { caller, url, secret }, Payload::Notices { notices, .. }) => {
                for notice in notices {
                    webhook::send(caller, url, secret.as_ref(), id, notice, catalog, now).await?;
                }
                Ok(())
            }
            (
                Self::Slack {
                    caller,
                    url,
                    mentions,
                },
                Payload::Notices { notices, .. },
            ) => Ok(slack::send(caller, url, &Message::of(notices, catalog), mentions).await?),
            (Self::Email(mail), Payload::Notices { to, notices }) => {
                Ok(email::send(mail, to, id, &Message::of(notices, catalog), now).await?)
            }
            (Self::Collector { caller, url, key }, Payload::Lineage { events }) => {
                for (at, event) in events.iter().enumerate() {
                    let sent = open_lineage::send(caller, url, key.as_ref(), &event.to_string()).await;
                    if let Err(failure) = sent {
                        // One that is refused for good keeps no other back.
                        let left = if failure.is_final { at + 1 } else { at };
                        let is_part = at > 0 || (failure.is_final && left < events.len());
                        let rest = is_part.then(|| Payload::Lineage {
                            events: events[left..].to_vec(),
                        });
                        return Err(Unsent { failure, rest });
                    }
                }
                Ok(())
            }
            (Self::File { path }, Payload::Lineage { events }) => Ok(open_lineage::append(path, events)?),
            _ => Ok(()),
        }
    }
}
