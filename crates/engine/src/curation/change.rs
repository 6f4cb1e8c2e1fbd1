//! The use cases that change what was said.

use tailwater_core::curation::{
    Change, Choice, Curation, HandLink, KnownAs, Override, Presence, checked_note, checked_table,
};
use tailwater_core::exposure::{Exposure, Via};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};

use super::error::CurateError;
use super::subject::{Subject, find_exposure, find_left_out, find_node};
use super::{CuratedAsset, Edit};
use crate::account::{Actor, AuditEvent, Permission, Role};
use crate::catalog::Catalog;
use crate::error::Error;
use crate::workspace::Workspace;

impl Workspace {
    /// Gives fields of an automatic exposure by hand, or takes that back. `exposure` is its `unique_id`, name,
    /// label, address or LUID; `actor` is who does it.
    pub async fn curate(
        &self,
        catalog: &Catalog,
        exposure: &str,
        edits: &[Edit],
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let subject = find_exposure(catalog, exposure)?;
        if edits.is_empty() {
            return Err(CurateError::NothingAsked.into());
        }
        let before = self.curation_of(subject.integration, &subject.asset()).await?;
        let at = self.clock().now();
        let mut changes = Vec::new();
        for edit in edits {
            match edit {
                Edit::Give(field, value) => {
                    let (value, by) = (value.clone(), by.clone());
                    changes.push(Change::Field(*field, Some(Override { value, by, at })));
                }
                Edit::Clear(field) => changes.push(Change::Field(*field, None)),
                Edit::ClearLinks => {
                    let nodes = before.links.keys().cloned();
                    changes.extend(nodes.map(|node| Change::Link(node, None)));
                }
            }
        }
        let subject = Target::of(&subject);
        self.change(subject, before, &changes, (actor, "exposure.curate"))
            .await
    }

    /// Makes an exposure stand on a node. Where only an unlinking by hand keeps it from that, the unlinking is
    /// taken back. `table` names a gap that the link settles.
    pub async fn link(
        &self,
        catalog: &Catalog,
        exposure: &str,
        node: &str,
        table: Option<&str>,
        note: Option<&str>,
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let note = checked_note(note).map_err(CurateError::from)?;
        let table = checked_table(table).map_err(CurateError::from)?;
        let subject = find_exposure(catalog, exposure)?;
        let node = find_node(catalog, node)?.unique_id.clone();
        if let Some(table) = &table {
            check_gap(subject.exposure, table)?;
        }
        let asset = subject.asset();
        let before = self.curation_of(subject.integration, &asset).await?;
        let is_unlinked = before.links.get(&node).is_some_and(|hand| !hand.is_linked);
        let is_told = is_unlinked
            && self
                .told_links(subject.integration, &asset)
                .await?
                .contains(&node);
        let hand = HandLink {
            is_linked: true,
            by,
            at: self.clock().now(),
            note,
            table,
        };
        let hand = (!is_told || hand.table.is_some()).then_some(hand);
        let changes = [Change::Link(node, hand)];
        self.change(Target::of(&subject), before, &changes, (actor, "exposure.link"))
            .await
    }

    /// Makes an exposure not stand on a node, whatever the BI tool says. A link that is by hand alone is taken
    /// back; then dbt need not know the node any more.
    pub async fn unlink(
        &self,
        catalog: &Catalog,
        exposure: &str,
        node: &str,
        note: Option<&str>,
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let note = checked_note(note).map_err(CurateError::from)?;
        let subject = find_exposure(catalog, exposure)?;
        let asset = subject.asset();
        let before = self.curation_of(subject.integration, &asset).await?;
        let told = self.told_links(subject.integration, &asset).await?;
        let node = linked_node(&subject, &before, &told, node.trim())?;
        let hand = HandLink {
            is_linked: false,
            by,
            at: self.clock().now(),
            note,
            table: None,
        };
        let hand = told.contains(&node).then_some(hand);
        let changes = [Change::Link(node, hand)];
        self.change(Target::of(&subject), before, &changes, (actor, "exposure.unlink"))
            .await
    }

    /// Leaves an exposure out: it is not shown any more, and the next sync does not read its asset.
    pub async fn leave_out(
        &self,
        catalog: &Catalog,
        exposure: &str,
        note: Option<&str>,
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let note = checked_note(note).map_err(CurateError::from)?;
        let subject = find_exposure(catalog, exposure)?;
        let asset = subject.asset();
        let before = self.curation_of(subject.integration, &asset).await?;
        let stored = self.store().find_exposure_of(subject.integration, &asset).await?;
        // A twin shows the YAML's words; what is left out is what the BI tool has.
        let told = stored.as_ref().map_or(subject.exposure, |row| &row.exposure);
        let presence = Presence {
            choice: Choice::LeftOut,
            was_brought_in: before.is_brought_in(),
            by,
            at: self.clock().now(),
            note,
            known_as: known_as(told),
        };
        let changes = [Change::Presence(Some(presence))];
        self.change(
            Target::of(&subject),
            before,
            &changes,
            (actor, "exposure.leave-out"),
        )
        .await
    }

    /// Brings back what was left out. It shows at once where no sync has passed over it since, else after the
    /// next one.
    pub async fn bring_back(
        &self,
        catalog: &Catalog,
        subject: &str,
        actor: &Actor,
    ) -> Result<CuratedAsset, Error> {
        let by = permitted(actor)?;
        let left_out = find_left_out(catalog.left_out(), subject)?;
        let before = self.curation_of(&left_out.integration, &left_out.asset).await?;
        let presence = before
            .presence
            .clone()
            .filter(|presence| presence.was_brought_in)
            .map(|presence| Presence {
                choice: Choice::BroughtIn,
                was_brought_in: false,
                by,
                at: self.clock().now(),
                ..presence
            });
        let target = Target {
            integration: &left_out.integration,
            asset: left_out.asset.clone(),
        };
        let changes = [Change::Presence(presence)];
        self.change(target, before, &changes, (actor, "exposure.bring-in"))
            .await
    }

    /// What was said of one asset's exposure so far.
    pub(super) async fn curation_of(
        &self,
        integration: &IntegrationName,
        asset: &AssetId,
    ) -> Result<Curation, Error> {
        let mut all = self.store().load_curations(Some(integration)).await?;
        let key = (integration.clone(), asset.clone());
        Ok(all.remove(&key).unwrap_or_default())
    }

    /// Stores changes together with who made them.
    pub(super) async fn change(
        &self,
        target: Target<'_>,
        before: Curation,
        changes: &[Change],
        (actor, action): (&Actor, &'static str),
    ) -> Result<CuratedAsset, Error> {
        let Target { integration, asset } = target;
        let known = self.find_integration(integration).await?;
        self.ensure_parent(&known).await?;
        let mut after = before;
        for change in changes {
            after.change(change.clone());
        }
        let curated = self
            .curated_asset(integration.clone(), asset.clone(), after)
            .await?;
        let id = curated
            .unique_id
            .as_ref()
            .map_or(asset.as_str(), |id| id.as_str());
        let event = AuditEvent::new(action, id, in_words(changes));
        let audit = self.audit_entry(actor, event);
        self.store().curate(integration, &asset, changes, &audit).await?;
        Ok(curated)
    }
}

/// The asset of which something is said.
pub(super) struct Target<'t> {
    pub(super) integration: &'t IntegrationName,
    pub(super) asset: AssetId,
}

impl<'t> Target<'t> {
    fn of(subject: &Subject<'t>) -> Self {
        Self {
            integration: subject.integration,
            asset: subject.asset(),
        }
    }
}

/// Who changes something, as people read it later.
///
/// # Errors
/// When that person may not.
pub(super) fn permitted(actor: &Actor) -> Result<String, Error> {
    actor.require(Role::Operator)?;
    Ok(actor.title().into_owned())
}

/// What changes, for the audit log.
fn in_words(changes: &[Change]) -> String {
    let word = |change: &Change| match change {
        Change::Presence(None) => "as its collection is selected".to_owned(),
        Change::Presence(Some(presence)) => match presence.choice {
            Choice::LeftOut => with_note("left out", presence.note.as_deref()),
            Choice::BroughtIn => with_note("brought in", presence.note.as_deref()),
        },
        Change::Field(field, None) => format!("{field} cleared"),
        Change::Field(field, Some(given)) => format!("{field} = {}", shortened(&given.value.to_text())),
        Change::Link(node, None) => format!("{node} as the BI tool says"),
        Change::Link(node, Some(hand)) if hand.is_linked => {
            with_note(&format!("linked {node}"), hand.note.as_deref())
        }
        Change::Link(node, Some(hand)) => with_note(&format!("unlinked {node}"), hand.note.as_deref()),
    };
    changes.iter().map(word).collect::<Vec<_>>().join("; ")
}

fn with_note(word: &str, note: Option<&str>) -> String {
    note.map_or_else(|| word.to_owned(), |note| format!("{word} ({})", shortened(note)))
}

/// A text that tells enough: the whole one is in the curation itself.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}

/// The node that is meant among those that the exposure stands on, by the tool, by hand, or by YAML.
fn linked_node(
    subject: &Subject<'_>,
    before: &Curation,
    told: &[NodeId],
    text: &str,
) -> Result<NodeId, CurateError> {
    let by_hand = before.links.iter().filter(|(_, hand)| hand.is_linked);
    let is_unlinked = |node: &&NodeId| before.links.get(*node).is_some_and(|hand| !hand.is_linked);
    let linked: Vec<&NodeId> = told
        .iter()
        .filter(|node| !is_unlinked(node))
        .chain(by_hand.map(|(node, _)| node))
        .collect();
    let is_named = |node: &NodeId| node.as_str() == text || node.as_str().rsplit('.').next() == Some(text);
    if let Some(node) = linked.iter().find(|node| is_named(node)) {
        return Ok((*node).clone());
    }
    let declared = subject
        .exposure
        .links
        .iter()
        .find(|link| is_named(&link.node) && link.evidence.iter().any(|one| one.via == Via::Declared));
    if let Some(link) = declared {
        return Err(CurateError::DeclaredLink {
            exposure: subject.exposure.unique_id.clone(),
            node: link.node.clone(),
        });
    }
    Err(CurateError::NotLinked {
        exposure: subject.exposure.unique_id.clone(),
        node: text.to_owned(),
        linked: subject.exposure.depends_on.iter().cloned().collect(),
    })
}

fn check_gap(exposure: &Exposure, table: &str) -> Result<(), CurateError> {
    let open = exposure
        .gaps
        .iter()
        .filter(|gap| !gap.reason.is_about_whole_asset());
    let settled = exposure.settled.iter().map(|settled| &settled.gap);
    let mut known: Vec<String> = open.chain(settled).map(|gap| gap.table.clone()).collect();
    if known.iter().any(|known| known == table) {
        return Ok(());
    }
    known.truncate(10);
    Err(CurateError::UnknownGap {
        exposure: exposure.unique_id.clone(),
        table: table.to_owned(),
        known,
    })
}

fn known_as(exposure: &Exposure) -> KnownAs {
    let workbook = exposure.workbook.as_ref();
    KnownAs {
        unique_id: Some(exposure.unique_id.clone()),
        label: exposure.label.clone(),
        collection_path: workbook.map(|workbook| workbook.project_path.clone()),
        url: exposure.url.clone(),
    }
}
