//! An integration's connection after it was made: what is known of its token, giving it another secret or
//! address, its own time of the daily sync, its tree of collections, and what ending it takes away.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tailwater_core::collection_tree::CollectionTree;
use tailwater_core::credential::CredentialName;
use tailwater_core::id::{IntegrationName, NodeId, ProjectName};
use tailwater_core::selection::Selection;
use tailwater_store::{IntegrationRecord, Origin};

use crate::error::Error;
use crate::integration::{Integration, selection_digest, split_site};
use crate::schedule::{Due, Schedule, ScheduleSettings, Situation, next_due};
use crate::settings::DeclaredIn;
use crate::sync::ExposureTitle;
use crate::workspace::Workspace;

/// The kinds of facts that are kept of an integration.
const TOKEN: &str = "token";
const SECRET: &str = "secret";
const SCHEDULE: &str = "schedule";

/// A token that ends within so many days is worth a warning.
const EXPIRY_WARNING_DAYS: i64 = 14;
/// Tableau forgets a personal access token after so many days without use.
const UNUSED_DAYS: i64 = 15;
/// A token unused for so long is worth a warning.
const UNUSED_WARNING_DAYS: i64 = 10;
/// So many syncs are enough to tell when the next one is due: more than one try for each retry.
const HISTORY: u32 = 20;
/// Shorter secrets show nothing of themselves.
const SHORTEST_MARKED: usize = 12;

/// What may be shown of a secret: when it was set, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretMark {
    /// When it was set.
    pub set_at: DateTime<Utc>,
    /// Its last two characters; empty for one too short to show any.
    pub ends_in: String,
}

impl SecretMark {
    /// The mark of a secret that is set now.
    pub fn of(secret: &SecretString, set_at: DateTime<Utc>) -> Self {
        let text = secret.expose_secret();
        let length = text.chars().count();
        let ends_in = if length >= SHORTEST_MARKED {
            text.chars().skip(length - 2).collect()
        } else {
            String::new()
        };
        Self { set_at, ends_in }
    }
}

/// What is known of an integration's token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenState {
    /// The mark of the secret that is stored; `None` where it is kept elsewhere or was set before marks were kept.
    pub secret: Option<SecretMark>,
    /// When the token ends, as the tool told last.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used with success, as far as syncs tell.
    pub last_used_at: Option<DateTime<Utc>>,
    /// What is to be done about it soon, in words.
    pub warning: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct TokenFact {
    expires_at: DateTime<Utc>,
}

/// Another connection for an integration. What is `None` stays.
#[derive(Debug, Default)]
pub struct ConnectionChange {
    /// The server's address, or any address of the site copied from the browser.
    pub address: Option<String>,
    /// The site's name; with an address and without this, the address tells it.
    pub site: Option<String>,
    /// With what it signs in.
    pub credential: Option<CredentialName>,
    /// The secret of that.
    pub secret: Option<SecretString>,
    /// Whether plain http to another machine is allowed.
    pub allow_http: Option<bool>,
    /// The dbt projects that feed it.
    pub projects: Option<Vec<ProjectName>>,
}

/// What ending an integration takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Exposures that will be gone, sorted by label.
    pub exposures: Vec<ExposureTitle>,
    /// dbt nodes that no dashboard of any integration stands on afterwards.
    pub nodes_without_dashboard: BTreeSet<NodeId>,
    /// Syncs in the history, at most a thousand.
    pub syncs: usize,
}

impl Workspace {
    /// What is known of an integration's token, with a warning when its end is near.
    pub async fn token_state(&self, name: &IntegrationName) -> Result<TokenState, Error> {
        let is_token = self
            .find_integration(name)
            .await?
            .credential
            .token_name()
            .is_some();
        let secret: Option<SecretMark> = self.fact(name, SECRET).await?;
        let told: Option<TokenFact> = self.fact(name, TOKEN).await?;
        let syncs = self.store().syncs(Some(name), HISTORY).await?;
        let used = syncs.iter().find(|sync| sync.outcome.has_landed());
        let last_used_at = used.map(|sync| sync.finished_at);
        // A connected app has no end, and is not forgotten.
        let expires_at = told.map(|told| told.expires_at).filter(|_| is_token);
        let warning = is_token.then(|| token_warning(self.clock().now(), expires_at, last_used_at));
        Ok(TokenState {
            warning: warning.flatten(),
            secret,
            expires_at,
            last_used_at,
        })
    }

    /// Gives an integration that was made by command or in the pages another connection. The site's other
    /// address is not contacted.
    ///
    /// # Errors
    /// When a file declares it, when another server would get a secret that was given for this one, or when a token's
    /// secret would be taken for a connected app's.
    pub async fn update_connection(
        &self,
        name: &IntegrationName,
        change: ConnectionChange,
    ) -> Result<Integration, Error> {
        let present = self.writable_integration(name).await?;
        for project in change.projects.iter().flatten() {
            self.find_project(project).await?;
        }
        let (server, site) = match &change.address {
            Some(address) => split_site(address, change.site.as_deref())?,
            None => (
                present.server.clone(),
                change.site.clone().unwrap_or_else(|| present.site.clone()),
            ),
        };
        if server != present.server && change.secret.is_none() {
            return Err(Error::SecretForOtherServer {
                server: present.server,
            });
        }
        let credential = change.credential.unwrap_or_else(|| present.credential.clone());
        if let Some(missing) = credential.missing() {
            return Err(Error::CredentialIncomplete { missing });
        }
        if credential.kind_in_words() != present.credential.kind_in_words() && change.secret.is_none() {
            return Err(Error::SecretOfOtherKind {
                kind: present.credential.kind_in_words(),
            });
        }
        let updated = Integration {
            server,
            site,
            credential,
            allow_http: change.allow_http.unwrap_or(present.allow_http),
            projects: change.projects.unwrap_or(present.projects),
            ..present
        };
        let key = self.sealing_key()?;
        let secret = match change.secret.clone() {
            Some(secret) => secret,
            None => self.load_secret(name, &updated.secret).await?,
        };
        // Refuses addresses that no connector can be made for.
        self.connector_for(&updated, secret)?;
        let stored = self.store().find_integration(name).await?;
        let created_at = stored.map_or_else(|| self.clock().now(), |record| record.created_at);
        self.store()
            .put_integration(&IntegrationRecord {
                name: name.clone(),
                kind: updated.kind.name().to_owned(),
                server: updated.server.clone(),
                site: updated.site.clone(),
                credential: updated.credential.clone(),
                allow_http: updated.allow_http,
                projects: updated.projects.clone(),
                selection: updated.collections.clone(),
                mapping: updated.mapping.clone(),
                created_at,
                updated_at: self.clock().now(),
                origin: Origin::Command,
                way: updated.http.to_way(),
            })
            .await?;
        if let Some(secret) = &change.secret {
            self.store().put_secret(name, secret, &key).await?;
            self.note_secret(name, secret).await?;
            self.store().remove_fact(name, TOKEN).await?;
        }
        Ok(updated)
    }

    /// Replaces the whole selection. Patterns that choose nothing are kept as they are: their collection may
    /// be hidden for now.
    pub async fn set_selection(&self, name: &IntegrationName, selection: &Selection) -> Result<(), Error> {
        self.writable_integration(name).await?;
        self.store().set_selection(name, selection).await?;
        Ok(())
    }

    /// The tree of collections as the last sync saw it, with what the selection does; empty before the first.
    pub async fn known_collections(&self, name: &IntegrationName) -> Result<CollectionTree, Error> {
        let integration = self.find_integration(name).await?;
        let stored = self.store().load_inventory(name).await?;
        Ok(CollectionTree::new(&stored.inventory, &integration.collections))
    }

    /// What ending the integration will take away.
    pub async fn preview_disconnect(&self, name: &IntegrationName) -> Result<Loss, Error> {
        self.find_integration(name).await?;
        let mut exposures = Vec::new();
        let (mut theirs, mut others) = (BTreeSet::new(), BTreeSet::new());
        for row in self.store().load_exposures(None).await? {
            if row.integration == *name {
                exposures.push(ExposureTitle::of(&row.exposure));
                theirs.extend(row.exposure.depends_on);
            } else {
                others.extend(row.exposure.depends_on);
            }
        }
        exposures
            .sort_by(|left, right| (&left.label, &left.unique_id).cmp(&(&right.label, &right.unique_id)));
        Ok(Loss {
            exposures,
            nodes_without_dashboard: theirs.difference(&others).cloned().collect(),
            syncs: self.store().syncs(Some(name), 1000).await?.len(),
        })
    }

    /// The times at which an integration is synced without being asked.
    pub async fn schedule(&self, integration: &Integration) -> Result<Schedule, Error> {
        let all = &self.settings().sync;
        let own = match &integration.schedule {
            Some(own) => Some(own.clone()),
            None => self.fact(&integration.name, SCHEDULE).await?,
        };
        Schedule::new(&own.map_or_else(|| all.clone(), |own: ScheduleSettings| own.over(all)))
    }

    /// Gives an integration its own times; `None` gives it those of all others.
    pub async fn set_schedule(
        &self,
        name: &IntegrationName,
        own: Option<&ScheduleSettings>,
    ) -> Result<(), Error> {
        let integration = self.writable_integration(name).await?;
        let Some(own) = own else {
            return Ok(self.store().remove_fact(&integration.name, SCHEDULE).await?);
        };
        Schedule::new(&own.over(&self.settings().sync))?;
        self.put_fact(name, SCHEDULE, own).await
    }

    /// When an integration is synced next without being asked.
    pub async fn next_sync(&self, integration: &Integration) -> Result<Option<Due>, Error> {
        let schedule = self.schedule(integration).await?;
        let history = self.store().syncs(Some(&integration.name), HISTORY).await?;
        let selection = selection_digest(&self.selection(integration).await?);
        // A file that names no collection is more likely unfinished than meant to take everything out.
        let is_unfinished = selection.is_empty() && integration.declared_in == DeclaredIn::File;
        if is_unfinished {
            return Ok(None);
        }
        Ok(next_due(&Situation {
            now: self.clock().now(),
            schedule: &schedule,
            history: &history,
            selection: (!selection.is_empty()).then_some(selection.as_str()),
        }))
    }

    /// Whether a sync is due now.
    pub(crate) async fn is_due(&self, integration: &Integration) -> Result<bool, Error> {
        let due = self.next_sync(integration).await?;
        Ok(due.is_some_and(|due| due.is_now(self.clock().now())))
    }

    /// Notes the mark of a secret that was just stored.
    pub(crate) async fn note_secret(
        &self,
        name: &IntegrationName,
        secret: &SecretString,
    ) -> Result<(), Error> {
        self.put_fact(name, SECRET, &SecretMark::of(secret, self.clock().now()))
            .await
    }

    /// Notes when the token ends, if that was told. Nothing depends on it, so a failure is only logged.
    pub(crate) async fn note_token(&self, name: &IntegrationName, expires_at: Option<DateTime<Utc>>) {
        if let Some(expires_at) = expires_at {
            let noted = self.put_fact(name, TOKEN, &TokenFact { expires_at }).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "when the token ends could not be noted");
            }
        }
    }

    async fn fact<T: for<'de> Deserialize<'de>>(
        &self,
        name: &IntegrationName,
        kind: &str,
    ) -> Result<Option<T>, Error> {
        let body = self.store().find_fact(name, kind).await?;
        // What a newer version wrote in another form is not known here.
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    async fn put_fact<T: Serialize>(
        &self,
        name: &IntegrationName,
        kind: &str,
        fact: &T,
    ) -> Result<(), Error> {
        let Ok(body) = serde_json::to_string(fact) else {
            return Ok(());
        };
        Ok(self.store().put_fact(name, kind, &body).await?)
    }
}

/// What is to be done about a token soon.
fn token_warning(
    now: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
) -> Option<String> {
    const REMEDY: &str =
        "make a new token in Tableau, under the account's settings, and give it to this integration";
    if let Some(end) = expires_at {
        let left = end - now;
        if left <= TimeDelta::zero() {
            return Some(format!("the token has ended; {REMEDY}"));
        }
        if left < TimeDelta::days(EXPIRY_WARNING_DAYS) {
            let days = left.num_days();
            let left = match days {
                0 => "less than a day".to_owned(),
                1 => "1 day".to_owned(),
                days => format!("{days} days"),
            };
            return Some(format!("the token ends in {left}; {REMEDY}"));
        }
    }
    let unused = (now - last_used_at?).num_days();
    if unused >= UNUSED_DAYS {
        return Some(format!(
            "the token was not used for {unused} days, and Tableau forgets one after {UNUSED_DAYS}; {REMEDY}"
        ));
    }
    (unused >= UNUSED_WARNING_DAYS).then(|| {
        format!(
            "the token was not used for {unused} days; Tableau forgets one after {UNUSED_DAYS}: sync before that"
        )
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some(400), Some(0), None)]
    #[case(Some(13), Some(0), Some("ends in 13 days"))]
    #[case(Some(0), Some(0), Some("less than a day"))]
    #[case(Some(-2), Some(0), Some("has ended"))]
    #[case(None, Some(11), Some("not used for 11 days"))]
    #[case(None, Some(20), Some("forgets one after 15"))]
    #[case(None, None, None)]
    fn a_token_near_its_end_is_warned_of(
        #[case] ends_in_days: Option<i64>,
        #[case] unused_days: Option<i64>,
        #[case] words: Option<&str>,
    ) {
        let now: DateTime<Utc> = "2025-06-10T12:00:00Z".parse().unwrap();
        let end = ends_in_days.map(|days| now + TimeDelta::days(days) + TimeDelta::hours(1));
        let used = unused_days.map(|days| now - TimeDelta::days(days));
        let warning = token_warning(now, end, used);
        match words {
            None => assert_eq!(warning, None),
            Some(words) => assert!(warning.as_ref().unwrap().contains(words), "{warning:?}"),
        }
    }

    #[test]
    fn a_mark_shows_little_of_a_secret_and_nothing_of_a_short_one() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(
            SecretMark::of(&SecretString::from("abcdefghijkl4f"), now).ends_in,
            "4f"
        );
        assert_eq!(SecretMark::of(&SecretString::from("hunter2"), now).ends_in, "");
    }
}
