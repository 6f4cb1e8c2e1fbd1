//! Signed-in sessions.
//!
//! A personal access token has one live session: signing in again with it ends the earlier one at once.
//! Sessions by password or of a connected app may stand side by side.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;

use crate::site_file::Hosting;

/// Who is signed in where.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The place of the site among the server's.
    pub(crate) site: usize,
    /// The user of that site.
    pub(crate) user: u32,
    /// What a connected app's session may do; `None` for everything that its user may.
    pub(crate) scopes: Option<Vec<String>>,
    /// The token it was made with, by site and name.
    token: Option<(usize, String)>,
    idle_until: DateTime<Utc>,
}

/// For whom a session is opened, and by what.
#[derive(Debug, Default)]
pub(crate) struct Opening<'a> {
    /// The place of the site among the server's.
    pub(crate) site: usize,
    pub(crate) site_luid: &'a str,
    pub(crate) user: u32,
    /// The personal access token.
    pub(crate) token: Option<&'a str>,
    /// The scopes of a connected app.
    pub(crate) scopes: Option<Vec<String>>,
}

/// All live sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    live: HashMap<String, Session>,
    /// What connected apps signed in with, by client id and token id, until it ends by itself.
    used: HashMap<(String, String), i64>,
}

impl Sessions {
    /// Opens a session and answers its opaque credential.
    pub(crate) fn open(&mut self, opening: Opening<'_>, hosting: Hosting, now: DateTime<Utc>) -> String {
        let Opening {
            site,
            site_luid,
            user,
            token,
            scopes,
        } = opening;
        let token = token.map(|name| (site, name.to_owned()));
        if token.is_some() {
            self.live.retain(|_, session| session.token != token);
        }
        let mut random = rand::rng();
        let credential = format!(
            "{}|{}|{site_luid}",
            base64::Engine::encode(
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
                random.random::<[u8; 16]>()
            ),
            base64::Engine::encode(
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
                random.random::<[u8; 24]>()
            ),
        );
        let session = Session {
            site,
            user,
            scopes,
            token,
            idle_until: now + idle_limit(hosting),
        };
        self.live.insert(credential.clone(), session);
        credential
    }

    /// Notes what a connected app signs in with, which ends at `ends`; says whether it is for the first time.
    pub(crate) fn is_first_use(&mut self, client: &str, id: &str, ends: i64, now: DateTime<Utc>) -> bool {
        self.used.retain(|_, ends| *ends > now.timestamp());
        let key = (client.to_owned(), id.to_owned());
        self.used.insert(key, ends).is_none()
    }

    /// The session of a credential, whose idle time starts anew; none when it ended.
    pub(crate) fn touch(
        &mut self,
        credential: &str,
        hosting: Hosting,
        now: DateTime<Utc>,
    ) -> Option<Session> {
        let session = self.live.get_mut(credential)?;
        if session.idle_until <= now {
            self.live.remove(credential);
            return None;
        }
        session.idle_until = now + idle_limit(hosting);
        Some(session.clone())
    }

    /// Ends a session.
    pub(crate) fn close(&mut self, credential: &str) {
        self.live.remove(credential);
    }

    /// Ends all sessions, as a restart does.
    pub(crate) fn close_all(&mut self) {
        self.live.clear();
    }

    /// How many are live.
    pub(crate) fn count(&self) -> usize {
        self.live.len()
    }
}

/// How long a session may be idle: 240 minutes on Server, 120 on Cloud.
fn idle_limit(hosting: Hosting) -> TimeDelta {
    match hosting {
        Hosting::Server => TimeDelta::minutes(240),
        Hosting::Cloud => TimeDelta::minutes(120),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sessions: &mut Sessions, token: Option<&str>) -> String {
        let opening = Opening {
            site_luid: "site",
            token,
            ..Opening::default()
        };
        sessions.open(opening, Hosting::Server, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_token_has_one_session_and_a_password_many() {
        let mut sessions = Sessions::default();
        let first = open(&mut sessions, Some("pat"));
        let other = open(&mut sessions, Some("other"));
        let password = [open(&mut sessions, None), open(&mut sessions, None)];
        let second = open(&mut sessions, Some("pat"));
        let mut alive = |credential: &str| {
            sessions
                .touch(credential, Hosting::Server, DateTime::UNIX_EPOCH)
                .is_some()
        };
        assert!(!alive(&first));
        assert!(alive(&second) && alive(&other) && alive(&password[0]) && alive(&password[1]));
    }

    #[test]
    fn use_keeps_a_session_alive_and_idleness_ends_it() {
        let mut sessions = Sessions::default();
        let credential = open(&mut sessions, Some("pat"));
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        assert!(sessions.touch(&credential, Hosting::Server, at(200)).is_some());
        assert!(sessions.touch(&credential, Hosting::Server, at(400)).is_some());
        assert!(sessions.touch(&credential, Hosting::Server, at(640)).is_none());
    }
}
