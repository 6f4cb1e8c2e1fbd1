//! The tree of projects.

use super::super::{Audience, Project};
use super::builder::{Builder, freshness, next_index};
use crate::error::Error;
use crate::site_file::{self, ProjectPath};

impl Builder {
    pub(super) fn add_projects(&mut self, file: &site_file::Site) -> Result<(), Error> {
        // Shorter paths first, so that a declared parent is not made up by its child.
        let mut entries: Vec<_> = file
            .projects
            .iter()
            .map(|entry| (entry.path.names(), entry))
            .collect();
        entries.sort_by_key(|(names, _)| names.len());
        for (names, entry) in entries {
            let subject = format!("project `{}`", names.join("/"));
            if self.projects.contains_key(&names) {
                return Err(self.wrong(subject, "is there twice"));
            }
            let audience = self.audience(&subject, &entry.hidden_from)?;
            let owner = self.user(&subject, entry.owner.as_deref())?;
            let luid = self.luid(&subject, entry.luid.as_deref())?;
            let index = self.project_at(&subject, &names)?;
            let identity = &mut self.site.projects[index as usize].identity;
            identity.luid = luid.unwrap_or(identity.luid);
            let project = &mut self.site.projects[index as usize];
            project.description.clone_from(&entry.description);
            project.owner = owner;
            project.content_permissions.clone_from(&entry.content_permissions);
            project.audience = audience;
            project.freshness = freshness(entry.created_at, entry.updated_at);
        }
        Ok(())
    }

    /// The project that content names; `Default` when it names none.
    pub(super) fn project(&mut self, subject: &str, path: Option<&ProjectPath>) -> Result<u32, Error> {
        let names = path.map_or_else(|| vec!["Default".to_owned()], ProjectPath::names);
        self.project_at(subject, &names)
    }

    /// The project at a path, made with its parents when it is not there.
    fn project_at(&mut self, subject: &str, names: &[String]) -> Result<u32, Error> {
        if let Some(&index) = self.projects.get(names) {
            return Ok(index);
        }
        let Some((name, ancestors)) = names.split_last() else {
            return Err(self.wrong(subject, "a project's path holds at least one name"));
        };
        if name.is_empty() {
            return Err(self.wrong(
                subject,
                format!("the path `{}` has an empty name", names.join("/")),
            ));
        }
        let parent = if ancestors.is_empty() {
            None
        } else {
            Some(self.project_at(subject, ancestors)?)
        };
        let index = next_index(&self.site.projects);
        let identity = self.naming.identify("project", &names.join("\u{0}"), None);
        self.site.projects.push(Project {
            identity,
            name: name.clone(),
            parent,
            description: String::new(),
            owner: 0,
            content_permissions: "ManagedByOwner".to_owned(),
            audience: Audience::default(),
            freshness: freshness(None, None),
        });
        self.projects.insert(names.to_vec(), index);
        Ok(index)
    }
}
