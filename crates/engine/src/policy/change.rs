//! Saying something of refreshing by command or on a page.

use tailwater_core::id::{CollectionId, EnvironmentName, IntegrationName, ProjectName};
use tailwater_core::refresh::{PolicyPart, PolicyScope};
use tailwater_core::selection::join_path;

use super::error::PolicyError;
use super::variables::DbtVariables;
use crate::account::{Actor, AuditEvent, Permission as _, Role};
use crate::catalog::Catalog;
use crate::curation::find_any_exposure;
use crate::error::Error;
use crate::workspace::Workspace;

impl Workspace {
    /// Says something of a scope, in place of all that was said of it before by command or on a page. Nothing is
    /// said any more with an empty part. Administrators may.
    pub async fn set_policy(
        &self,
        scope: &PolicyScope,
        part: &PolicyPart,
        actor: &Actor,
    ) -> Result<(), Error> {
        actor.require(Role::Admin)?;
        if let Some(problem) = part.problem() {
            let of = scope.to_string();
            return Err(PolicyError::Invalid { of, problem }.into());
        }
        let book = self.policy_book(DbtVariables::default()).await?;
        let declared = book.declared(scope).fields();
        let before = book.stored(scope);
        // What the file says cannot be said otherwise; what was said before it did may stay.
        if let Some(field) = part.fields().into_iter().find(|field| declared.contains(field))
            && before != *part
        {
            return Err(PolicyError::InFile {
                scope: scope.clone(),
                field,
            }
            .into());
        }
        if before == *part {
            return Ok(());
        }
        let action = if part.is_empty() {
            "policy.clear"
        } else {
            "policy.set"
        };
        let detail = serde_json::to_string(part).unwrap_or_default();
        let event = AuditEvent::new(action, scope.to_string(), detail);
        let entry = self.audit_entry(actor, event);
        self.store().put_policy(scope, part, &entry).await?;
        Ok(())
    }

    /// The scope of an environment; production when none is named.
    pub async fn environment_scope(
        &self,
        project: &ProjectName,
        environment: Option<&EnvironmentName>,
    ) -> Result<PolicyScope, Error> {
        let environment = self.find_environment(project, environment).await?;
        Ok(PolicyScope::Environment {
            project: environment.project,
            environment: environment.name,
        })
    }

    /// The scope of an integration, or of a collection of it by id or path.
    pub async fn integration_scope(
        &self,
        integration: &IntegrationName,
        collection: Option<&str>,
    ) -> Result<PolicyScope, Error> {
        let integration = self.find_integration(integration).await?.name;
        let Some(collection) = collection else {
            return Ok(PolicyScope::Integration { integration });
        };
        let stored = self.store().load_inventory(&integration).await?;
        let collections = &stored.inventory.collections;
        let by_path = || {
            let mut found = collections
                .iter()
                .filter(|(_, known)| join_path(&known.path) == collection);
            found.next().map(|(id, _)| id.clone())
        };
        let id = CollectionId::from(collection);
        let found = if collections.contains_key(&id) {
            Some(id)
        } else {
            by_path()
        };
        match found {
            Some(collection) => Ok(PolicyScope::Collection {
                integration,
                collection,
            }),
            None => Err(PolicyError::UnknownScope {
                what: format!("collection `{collection}` of integration `{integration}`"),
                known: collections
                    .values()
                    .map(|known| join_path(&known.path))
                    .take(8)
                    .collect(),
            }
            .into()),
        }
    }

    /// The scope of an exposure by its `unique_id`, name, label, address or LUID.
    pub fn exposure_scope(&self, catalog: &Catalog, exposure: &str) -> Result<PolicyScope, Error> {
        let exposure = find_any_exposure(catalog, exposure)?;
        Ok(PolicyScope::Exposure {
            exposure: exposure.unique_id.clone(),
        })
    }
}
