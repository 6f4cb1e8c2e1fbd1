//! Users, tokens and connected apps.

use super::super::{Audience, ConnectedApp, PersonalToken, User};
use super::builder::{Builder, next_index};
use crate::error::Error;
use crate::site_file::{self, SiteRole};

impl Builder {
    pub(super) fn add_people(&mut self, file: &site_file::Site) -> Result<(), Error> {
        for person in &file.users {
            let subject = format!("user `{}`", person.name);
            let luid = self.luid(&subject, person.luid.as_deref())?;
            let index = next_index(&self.site.users);
            if self.users.insert(person.name.clone(), index).is_some() {
                return Err(self.wrong(subject, "is there twice"));
            }
            let identity = self.naming.identify("user", &person.name, luid);
            self.site.users.push(User {
                identity,
                name: person.name.clone(),
                full_name: person.full_name.clone().unwrap_or_else(|| person.name.clone()),
                email: person.email.clone(),
                role: person.role,
                password: person.password.clone(),
                last_login: None,
            });
        }
        if self.site.users.is_empty() {
            return Err(self.wrong("users", "a site needs at least one `[[site.user]]`"));
        }
        for token in &file.tokens {
            let subject = format!("token `{}`", token.name);
            let user = self.user(&subject, Some(&token.user))?;
            self.site.tokens.push(PersonalToken {
                name: token.name.clone(),
                secret: token.secret.clone(),
                user,
                expires_at: token.expires_at.map(|instant| instant.0),
            });
        }
        for app in &file.connected_apps {
            let subject = format!("connected app `{}`", app.client_id);
            let users = app.users.iter().map(|name| self.user(&subject, Some(name)));
            let users = users.collect::<Result<_, _>>()?;
            self.site.connected_apps.push(ConnectedApp {
                client_id: app.client_id.clone(),
                secret_id: app.secret_id.clone(),
                secret: app.secret.clone(),
                enabled: app.enabled,
                users,
                scopes: app.scopes.clone(),
            });
        }
        Ok(())
    }

    /// The user of that name; the first one when none is named.
    pub(super) fn user(&self, subject: &str, name: Option<&str>) -> Result<u32, Error> {
        let Some(name) = name else { return Ok(0) };
        self.users
            .get(name)
            .copied()
            .ok_or_else(|| self.wrong(subject, format!("no user is called `{name}`")))
    }

    /// Reads a list of roles and user names.
    pub(super) fn audience(&self, subject: &str, hidden_from: &[String]) -> Result<Audience, Error> {
        let mut audience = Audience::default();
        for entry in hidden_from {
            if let Some(&user) = self.users.get(entry) {
                audience.hidden_from_users.push(user);
            } else if let Some(role) = role_called(entry) {
                audience.hidden_from_roles.push(role);
            } else {
                return Err(self.wrong(subject, format!("`{entry}` is neither a user nor a site role")));
            }
        }
        Ok(audience)
    }
}

fn role_called(name: &str) -> Option<SiteRole> {
    use SiteRole::{
        Creator, Explorer, ExplorerCanPublish, ServerAdministrator, SiteAdministratorCreator,
        SiteAdministratorExplorer, Unlicensed, Viewer,
    };
    let roles = [
        ServerAdministrator,
        SiteAdministratorCreator,
        SiteAdministratorExplorer,
        Creator,
        ExplorerCanPublish,
        Explorer,
        Viewer,
        Unlicensed,
    ];
    roles.into_iter().find(|role| role.as_str() == name)
}
