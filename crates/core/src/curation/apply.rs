//! Applying curation to what the BI tool says, and undoing it.

use std::collections::BTreeMap;

use super::{CuratedMark, Curation, Field, Hand, HandLink, Settled, Unlinked};
use crate::exposure::{Evidence, Exposure, Link, Matched, Via};
use crate::gap::{Gap, GapReason};
use crate::id::NodeId;
use crate::remedy;

/// What dbt says of a node that somebody linked by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownNode {
    /// It is there, with this relation, dotted; `None` where it has none.
    Known(Option<String>),
    /// dbt no longer has it.
    Gone,
    /// Nobody can tell now, because a manifest cannot be read.
    Unknowable,
}

/// The exposure as people made it. `known` tells of the nodes that they linked.
///
/// Applying the same curation again changes nothing, and applying another one is as if the first had never
/// been. Applied before an automatic exposure is joined with its manual twin ([`crate::manual::join`]).
pub fn apply(exposure: Exposure, curation: &Curation, known: impl Fn(&NodeId) -> KnownNode) -> Exposure {
    let mut exposure = restore(exposure);
    for (field, given) in &curation.fields {
        let mut mark = CuratedMark {
            by: given.by.clone(),
            at: given.at,
            was: field.value_in(&exposure),
            email_set_aside: None,
            overruled: false,
        };
        field.put(&mut exposure, given.value.clone());
        // Mail to somebody else must not stand beside a name. The address may be given by hand too.
        let is_another = *field == Field::OwnerName && mark.was != given.value;
        if is_another && !curation.fields.contains_key(&Field::OwnerEmail) {
            mark.email_set_aside = exposure.owner.email.take();
        }
        exposure.curated.insert(*field, mark);
    }
    if curation.links.is_empty() {
        return exposure;
    }
    let mut links = take_links(&mut exposure);
    for (node, hand) in &curation.links {
        if hand.is_linked {
            link(&mut exposure, &mut links, node, hand, known(node));
        } else {
            let evidence = links.remove(node).unwrap_or_default();
            exposure.depends_on.remove(node);
            exposure.unlinked.push(Unlinked {
                node: node.clone(),
                by: hand.by.clone(),
                at: hand.at,
                note: hand.note.clone(),
                evidence,
                overruled: false,
            });
        }
    }
    put_links(&mut exposure, links);
    exposure
}

fn link(
    exposure: &mut Exposure,
    links: &mut BTreeMap<NodeId, Vec<Evidence>>,
    node: &NodeId,
    hand: &HandLink,
    known: KnownNode,
) {
    let relation = match known {
        KnownNode::Known(relation) => relation,
        KnownNode::Unknowable => None,
        KnownNode::Gone => {
            exposure.gaps.push(gone(node, hand));
            return;
        }
    };
    if let Some(table) = &hand.table {
        let is_settled = |gap: &mut Gap| gap.table == *table && !gap.reason.is_about_whole_asset();
        let settled = exposure.gaps.extract_if(.., is_settled);
        exposure.settled.extend(settled.map(|gap| Settled {
            node: node.clone(),
            by: hand.by.clone(),
            at: hand.at,
            gap,
        }));
    }
    let relation = relation.unwrap_or_default();
    let evidence = Evidence {
        via: Via::ByHand,
        matched: Matched::ByHand,
        table: hand.table.clone().unwrap_or_else(|| relation.clone()),
        relation,
        data_source: None,
        rules: Vec::new(),
        confidence: None,
        note: hand.note.clone(),
        hand: Some(Hand {
            by: hand.by.clone(),
            at: hand.at,
        }),
    };
    links.entry(node.clone()).or_default().insert(0, evidence);
    exposure.depends_on.insert(node.clone());
}

fn gone(node: &NodeId, hand: &HandLink) -> Gap {
    let remedy = remedy::without_name(GapReason::HandLinkGone);
    let note = hand
        .note
        .as_ref()
        .map_or_else(String::new, |note| format!(": {note}"));
    Gap {
        table: node.to_string(),
        reason: GapReason::HandLinkGone,
        candidates: Vec::new(),
        remedy: format!(
            "{remedy} (linked by {} on {}{note})",
            hand.by,
            hand.at.format("%Y-%m-%d")
        ),
        data_source: None,
        via: Some(Via::ByHand),
        count: 1,
        compared: None,
    }
}

/// The exposure as the BI tool alone has it.
pub fn restore(mut exposure: Exposure) -> Exposure {
    for (field, mark) in std::mem::take(&mut exposure.curated) {
        if let Some(email) = mark.email_set_aside {
            exposure.owner.email = Some(email);
        }
        field.put(&mut exposure, mark.was);
    }
    exposure.gaps.retain(|gap| gap.reason != GapReason::HandLinkGone);
    let settled = std::mem::take(&mut exposure.settled);
    exposure
        .gaps
        .extend(settled.into_iter().map(|settled| settled.gap));
    let unlinked = std::mem::take(&mut exposure.unlinked);
    let is_linked_by_hand = |link: &Link| link.evidence.iter().any(|one| one.via == Via::ByHand);
    if unlinked.is_empty() && !exposure.links.iter().any(is_linked_by_hand) {
        return exposure;
    }
    let mut links = take_links(&mut exposure);
    for (node, evidence) in &mut links {
        let count = evidence.len();
        evidence.retain(|one| one.via != Via::ByHand);
        if evidence.is_empty() && count > 0 {
            exposure.depends_on.remove(node);
        }
    }
    links.retain(|_, evidence| !evidence.is_empty());
    for undone in unlinked.into_iter().filter(|undone| !undone.evidence.is_empty()) {
        exposure.depends_on.insert(undone.node.clone());
        links.insert(undone.node, undone.evidence);
    }
    put_links(&mut exposure, links);
    exposure
}

fn take_links(exposure: &mut Exposure) -> BTreeMap<NodeId, Vec<Evidence>> {
    let links = std::mem::take(&mut exposure.links);
    links.into_iter().map(|link| (link.node, link.evidence)).collect()
}

fn put_links(exposure: &mut Exposure, links: BTreeMap<NodeId, Vec<Evidence>>) {
    exposure.links = links
        .into_iter()
        .map(|(node, evidence)| Link { node, evidence })
        .collect();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::curation::{Change, Field, Override};
    use crate::exposure::{ExposureOwner, Mode};

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-01-{day:02}T00:00:00Z").parse().expect("an instant")
    }

    fn evidence(table: &str) -> Evidence {
        Evidence {
            via: Via::TableList,
            matched: Matched::DatabaseSchemaName,
            table: table.to_owned(),
            relation: table.to_owned(),
            data_source: None,
            rules: Vec::new(),
            confidence: None,
            note: None,
            hand: None,
        }
    }

    fn gap(table: &str) -> Gap {
        Gap {
            table: table.to_owned(),
            reason: GapReason::UnknownToDbt,
            candidates: Vec::new(),
            remedy: "declare it".to_owned(),
            data_source: None,
            via: None,
            count: 1,
            compared: None,
        }
    }

    fn exposure() -> Exposure {
        let links = ["model.p.a", "model.p.b"].map(|node| Link {
            node: node.into(),
            evidence: vec![evidence(node)],
        });
        Exposure {
            unique_id: "exposure.p.sales".into(),
            name: "sales".to_owned(),
            label: "Sales".to_owned(),
            kind: "dashboard".to_owned(),
            mode: Mode::Auto,
            modes: BTreeSet::from([Mode::Auto]),
            project: "p".into(),
            integration: Some("main".into()),
            url: None,
            owner: ExposureOwner {
                name: Some("Ann".to_owned()),
                email: None,
            },
            description: None,
            maturity: None,
            tags: ["from_tableau".to_owned()].into(),
            depends_on: links.iter().map(|link| link.node.clone()).collect(),
            links: links.into(),
            gaps: vec![gap("db.s.lost"), gap("db.s.other")],
            workbook: None,
            stale: None,
            first_seen: None,
            last_seen: None,
            curated: BTreeMap::new(),
            unlinked: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn given(field: Field, text: &str) -> Change {
        let value = field.read(text).expect("a value");
        let by = "Bo".to_owned();
        Change::Field(field, Some(Override { value, by, at: at(2) }))
    }

    fn hand(node: &str, is_linked: bool, table: Option<&str>) -> Change {
        let hand = HandLink {
            is_linked,
            by: "Bo".to_owned(),
            at: at(3),
            note: Some("I know".to_owned()),
            table: table.map(str::to_owned),
        };
        Change::Link(node.into(), Some(hand))
    }

    fn curation(changes: impl IntoIterator<Item = Change>) -> Curation {
        let mut curation = Curation::default();
        for change in changes {
            curation.change(change);
        }
        curation
    }

    fn known(node: &NodeId) -> KnownNode {
        match node.as_str() {
            "model.p.gone" => KnownNode::Gone,
            "model.p.unreadable" => KnownNode::Unknowable,
            other => KnownNode::Known(Some(other.replace("model.p", "db.s"))),
        }
    }

    fn applied(changes: impl IntoIterator<Item = Change>) -> Exposure {
        apply(exposure(), &curation(changes), known)
    }

    fn nodes(exposure: &Exposure) -> Vec<&str> {
        exposure.links.iter().map(|link| link.node.as_str()).collect()
    }

    #[test]
    fn overrides_win_and_say_what_was() {
        let curated = applied([
            given(Field::Label, "Revenue"),
            given(Field::OwnerName, "Cleo"),
            given(Field::Tags, "a,b"),
            given(Field::Maturity, "high"),
            given(Field::Type, "application"),
        ]);
        assert_eq!(
            (curated.label.as_str(), curated.kind.as_str()),
            ("Revenue", "application")
        );
        assert_eq!(curated.owner.name.as_deref(), Some("Cleo"));
        assert_eq!(curated.maturity.as_deref(), Some("high"));
        assert_eq!(curated.tags, ["a", "b"].map(str::to_owned).into());
        assert_eq!(curated.name, "sales");
        let json = serde_json::to_value(&curated).expect("JSON");
        assert_eq!(
            json["curated"]["owner_name"],
            serde_json::json!({ "by": "Bo", "at": "2026-01-02T00:00:00Z", "was": "Ann" })
        );
        assert_eq!(
            json["curated"]["tags"]["was"],
            serde_json::json!(["from_tableau"])
        );
        assert_eq!(json["curated"]["maturity"]["was"], serde_json::Value::Null);
    }

    #[test]
    fn an_override_can_take_away() {
        let curated = applied([given(Field::OwnerName, ""), given(Field::Tags, "")]);
        assert_eq!(curated.owner.name, None);
        assert!(curated.tags.is_empty());
    }

    #[test]
    fn another_owner_does_not_get_the_mail_of_the_tools() {
        let tools = || Exposure {
            owner: ExposureOwner {
                name: Some("Ann".to_owned()),
                email: Some("ann@example.com".to_owned()),
            },
            ..exposure()
        };
        let applied = |changes: Vec<Change>| apply(tools(), &curation(changes), known);
        let other = applied(vec![given(Field::OwnerName, "Cleo")]);
        assert_eq!(other.owner.email, None);
        let mark = &other.curated[&Field::OwnerName];
        assert_eq!(mark.email_set_aside.as_deref(), Some("ann@example.com"));
        assert_eq!(restore(other), tools());
        let both = applied(vec![
            given(Field::OwnerName, "Cleo"),
            given(Field::OwnerEmail, "cleo@example.com"),
        ]);
        assert_eq!(both.owner.email.as_deref(), Some("cleo@example.com"));
        assert_eq!(restore(both), tools());
        let same = applied(vec![given(Field::OwnerName, "Ann")]);
        assert_eq!(same.owner.email.as_deref(), Some("ann@example.com"));
    }

    #[test]
    fn a_link_by_hand_stands_beside_the_tools_and_alone() {
        let curated = applied([hand("model.p.a", true, None), hand("model.p.z", true, None)]);
        assert_eq!(nodes(&curated), ["model.p.a", "model.p.b", "model.p.z"]);
        assert!(curated.depends_on.contains("model.p.z"));
        let vias = |at: usize| -> Vec<Via> { curated.links[at].evidence.iter().map(|one| one.via).collect() };
        assert_eq!(vias(0), [Via::ByHand, Via::TableList]);
        assert_eq!(vias(2), [Via::ByHand]);
        let json = serde_json::to_value(&curated.links[2].evidence[0]).expect("JSON");
        assert_eq!(json["via"], "by_hand");
        assert_eq!(json["relation"], "db.s.z");
        assert_eq!(json["note"], "I know");
        assert_eq!(json["hand"]["by"], "Bo");
    }

    #[test]
    fn a_link_by_hand_settles_the_gap_that_it_names_and_no_other() {
        let curated = applied([hand("model.p.z", true, Some("db.s.lost"))]);
        assert_eq!(curated.gaps, [gap("db.s.other")]);
        assert_eq!(curated.settled[0].gap, gap("db.s.lost"));
        assert_eq!(curated.links[2].evidence[0].table, "db.s.lost");
    }

    #[test]
    fn an_unlinked_node_is_shown_as_such_with_what_was_set_aside() {
        let curated = applied([hand("model.p.a", false, None), hand("model.p.never", false, None)]);
        assert_eq!(nodes(&curated), ["model.p.b"]);
        assert!(!curated.depends_on.contains("model.p.a"));
        assert_eq!(curated.unlinked[0].evidence, [evidence("model.p.a")]);
        assert!(curated.unlinked[1].evidence.is_empty());
    }

    #[test]
    fn a_link_to_a_node_that_has_gone_is_a_gap_and_settles_nothing() {
        let curated = applied([hand("model.p.gone", true, Some("db.s.lost"))]);
        assert_eq!(nodes(&curated), ["model.p.a", "model.p.b"]);
        let gap = curated.gaps.last().expect("a gap");
        assert_eq!(
            (gap.reason, gap.table.as_str()),
            (GapReason::HandLinkGone, "model.p.gone")
        );
        assert!(gap.remedy.contains("Bo on 2026-01-03: I know"), "{}", gap.remedy);
        assert_eq!(curated.gaps.len(), 3);
    }

    #[test]
    fn a_link_stays_while_nobody_can_tell() {
        let curated = applied([hand("model.p.unreadable", true, None)]);
        assert!(curated.depends_on.contains("model.p.unreadable"));
    }

    #[test]
    fn what_is_curated_survives_json_and_older_json_is_read() {
        let curated = applied([given(Field::Label, "x"), hand("model.p.a", false, None)]);
        let json = serde_json::to_string(&curated).expect("JSON");
        assert_eq!(serde_json::from_str::<Exposure>(&json).ok(), Some(curated));
        let plain = serde_json::to_value(exposure()).expect("JSON");
        assert!(plain.get("curated").is_none() && plain.get("unlinked").is_none());
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let node = prop::sample::select(vec!["model.p.a", "model.p.b", "model.p.c", "model.p.gone"]);
        let table = prop::option::of(prop::sample::select(vec!["db.s.lost", "db.s.other", "x"]));
        prop_oneof![
            (prop::sample::select(Field::ALL.to_vec()), "[a-z]{1,6}").prop_map(|(field, text)| match field {
                Field::Maturity => given(field, "low"),
                Field::Type => given(field, "ml"),
                Field::OwnerEmail => given(field, "a@b"),
                _ => given(field, &text),
            }),
            (node, any::<bool>(), table).prop_map(|(node, is_linked, table)| hand(node, is_linked, table)),
        ]
    }

    proptest! {
        #[test]
        fn applying_is_idempotent_and_undone_by_taking_all_back(changes in prop::collection::vec(any_change(), 0..6)) {
            let curation = curation(changes);
            let once = apply(exposure(), &curation, known);
            prop_assert_eq!(&apply(once.clone(), &curation, known), &once);
            let mut restored = apply(once, &Curation::default(), known);
            restored.gaps.sort();
            prop_assert_eq!(restored, exposure());
        }

        #[test]
        fn changes_of_different_things_may_come_in_any_order(changes in prop::collection::vec(any_change(), 0..6)) {
            let key = |change: &Change| match change {
                Change::Field(field, _) => field.name().to_owned(),
                Change::Link(node, _) => node.to_string(),
                Change::Presence(_) => String::new(),
            };
            let mut once: Vec<Change> = Vec::new();
            for change in changes {
                if !once.iter().any(|other| key(other) == key(&change)) {
                    once.push(change);
                }
            }
            let forwards = curation(once.clone());
            prop_assert_eq!(forwards, curation(once.into_iter().rev()));
        }
    }
}
