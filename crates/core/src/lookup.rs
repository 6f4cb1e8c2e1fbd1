//! Looking one table name up among dbt's relations: linked, or why not.
//!
//! The rules, in order:
//!
//! 1. Database, schema and name equal: linked.
//! 2. The warehouse has two levels: schema and name equal is all there is to compare: linked.
//! 3. The database is not told, or may be a display name: schema and name equal, and exactly one node
//!    among those whose warehouse fits the connection: linked, and the evidence says so.
//! 4. Otherwise a gap. A bare name never links, however unique it is.
//!
//! Where a source and a model are the same relation the model wins and the evidence says so; two
//! models are ambiguous.

use crate::dialect::Dialect;
use crate::exposure::Matched;
use crate::gap::{Candidate, GapReason};
use crate::id::NodeId;
use crate::relation::{RelationName, fold};
use crate::relation_index::{Entry, EntryState, RelationIndex};

/// How many candidates a gap names.
const MOST_CANDIDATES: usize = 5;

/// A name to look up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The name after mapping.
    pub name: RelationName,
    /// The SQL behind the connection.
    pub dialect: Dialect,
    /// Whether the database may be wrong: a display name rather than an identifier.
    pub is_database_advisory: bool,
}

/// What looking up came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// One node.
    Linked {
        /// The node.
        node: NodeId,
        /// How the names agree.
        matched: Matched,
        /// The node's relation, dotted.
        relation: String,
        /// Who else has the relation.
        note: Option<String>,
    },
    /// None, or too many.
    Missing {
        /// Why.
        reason: GapReason,
        /// The nearest, best first.
        candidates: Vec<Candidate>,
    },
}

/// Looks a name up. See the module's rules.
pub fn look_up(index: &RelationIndex<'_>, wanted: &Wanted) -> Answer {
    let Some(schema) = &wanted.name.schema else {
        return look_up_without_schema(index, wanted);
    };
    let same = index.by_schema_and_name(schema, &wanted.name.name);
    let (readable, unreadable): (Vec<_>, Vec<_>) = same
        .into_iter()
        .partition(|entry| entry.state == EntryState::Readable);

    let two_level: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| is_two_level(wanted, entry))
        .collect();
    let Some(database) = wanted.name.database.as_deref().map(fold) else {
        let fitting: Vec<_> = readable
            .iter()
            .copied()
            .filter(|entry| wanted.dialect.fits(entry.dialect))
            .collect();
        let matched = if two_level.is_empty() {
            Matched::SchemaNameDatabaseUnknown
        } else {
            Matched::SchemaNameTwoLevel
        };
        return choose(&fitting, matched).unwrap_or_else(|| {
            if readable.is_empty() {
                return look_further(index, wanted, &unreadable);
            }
            Answer::Missing {
                reason: GapReason::UnknownToDbt,
                candidates: candidates(&readable, wanted),
            }
        });
    };

    let mut exact: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| entry.folded.database.as_deref() == Some(database.as_str()))
        .collect();
    // The connection's type is no condition, since people choose odd drivers; it settles ties.
    if exact.iter().any(|entry| wanted.dialect.fits(entry.dialect)) {
        exact.retain(|entry| wanted.dialect.fits(entry.dialect));
    }
    if let Some(answer) = choose(&exact, Matched::DatabaseSchemaName) {
        return answer;
    }
    if let Some(answer) = choose(&two_level, Matched::SchemaNameTwoLevel) {
        return answer;
    }
    // A name that is the database of some relation is an identifier, and another one.
    let is_display_name = wanted.is_database_advisory && !index.has_database(&database, wanted.dialect);
    let blurred: Vec<_> = readable
        .iter()
        .copied()
        .filter(|entry| wanted.dialect.fits(entry.dialect))
        // Some adapters leave the database out of what they write (Oracle: `SCHEMA.TABLE`), and then
        // what the tool calls the database is a service or a server.
        .filter(|entry| is_display_name || (entry.folded.database.is_none() && !entry.dialect.is_two_level()))
        .collect();
    let matched = if is_display_name {
        Matched::SchemaNameDatabaseAdvisory
    } else {
        Matched::SchemaNameDatabaseUnknown
    };
    if let Some(answer) = choose(&blurred, matched) {
        return answer;
    }
    if readable.is_empty() {
        return look_further(index, wanted, &unreadable);
    }
    Answer::Missing {
        reason: GapReason::OtherDatabase,
        candidates: candidates(&readable, wanted),
    }
}

/// A bare name links nowhere. Where the warehouse has two levels, what the tool calls the database is
/// dbt's schema, and then the name is not bare.
fn look_up_without_schema(index: &RelationIndex<'_>, wanted: &Wanted) -> Answer {
    let named = index.by_bare_name(&wanted.name.name);
    if let Some(database) = wanted.name.database.as_deref().map(fold) {
        let two_level: Vec<_> = named
            .iter()
            .copied()
            .filter(|entry| entry.state == EntryState::Readable && is_two_level(wanted, entry))
            .filter(|entry| entry.folded.schema.as_deref() == Some(database.as_str()))
            .collect();
        if let Some(answer) = choose(&two_level, Matched::SchemaNameTwoLevel) {
            return answer;
        }
    }
    // Of a two-level warehouse the database told is the schema, so the name is whole; it is another one.
    let is_told = wanted.dialect.is_two_level() && wanted.name.database.is_some();
    let reason = match (is_told, named.is_empty()) {
        (true, false) => GapReason::OtherSchema,
        (true, true) => return look_further(index, wanted, &[]),
        (false, _) => GapReason::IncompleteName,
    };
    Answer::Missing {
        reason,
        candidates: candidates(&named, wanted),
    }
}

/// Whether the entry's warehouse has no level above the schema, so that the database told does not count.
/// A connection that may be to anything says so only by telling no database, or the schema again.
fn is_two_level(wanted: &Wanted, entry: &Entry<'_>) -> bool {
    let is_told_otherwise = wanted.dialect == Dialect::Generic
        && match (&wanted.name.database, &wanted.name.schema) {
            (Some(database), Some(schema)) => fold(database) != fold(schema),
            _ => false,
        };
    entry.dialect.is_two_level() && wanted.dialect.fits(entry.dialect) && !is_told_otherwise
}

/// One node, ambiguity, or `None` for no entry at all.
fn choose(entries: &[&Entry<'_>], matched: Matched) -> Option<Answer> {
    let mut nodes: Vec<&Entry<'_>> = Vec::new();
    for &entry in entries {
        // One node may have two names, as told and as rendered; one project built twice is two relations.
        let is_same = |known: &&Entry<'_>| {
            known.node.unique_id == entry.node.unique_id && known.relation.folded() == entry.relation.folded()
        };
        if !nodes.iter().any(is_same) {
            nodes.push(entry);
        }
    }
    let (built, declared): (Vec<_>, Vec<_>) = nodes.iter().copied().partition(|entry| entry.is_built());
    let (winner, others) = match (built.as_slice(), declared.as_slice()) {
        ([], []) => return None,
        ([model], sources) => (*model, sources.to_vec()),
        ([], [source]) => (*source, Vec::new()),
        _ => {
            let reason = GapReason::Ambiguous;
            let alike = nodes
                .iter()
                .map(|entry| candidate(entry, "answers equally well".to_owned()))
                .collect();
            return Some(Answer::Missing {
                reason,
                candidates: limited(alike),
            });
        }
    };
    // Two different relations that fold or blur into one are not one relation told twice.
    if others
        .iter()
        .any(|other| other.folded.database != winner.folded.database)
    {
        let alike = nodes
            .iter()
            .map(|entry| candidate(entry, "answers equally well".to_owned()))
            .collect();
        return Some(Answer::Missing {
            reason: GapReason::Ambiguous,
            candidates: limited(alike),
        });
    }
    let note = (!others.is_empty()).then(|| {
        let names: Vec<&str> = others.iter().map(|entry| entry.node.unique_id.as_str()).collect();
        format!(
            "also declared as {}; what dbt builds wins over what it reads",
            names.join(", ")
        )
    });
    Some(Answer::Linked {
        node: winner.node.unique_id.clone(),
        matched,
        relation: winner.relation.to_string(),
        note,
    })
}

/// No readable node has this schema and name: say what comes nearest.
fn look_further(index: &RelationIndex<'_>, wanted: &Wanted, unreadable: &[&Entry<'_>]) -> Answer {
    let in_same_database = |entry: &&&Entry<'_>| {
        wanted.name.database.is_none()
            || wanted.is_database_advisory
            || entry.folded.database == wanted.name.database.as_deref().map(fold)
    };
    for (state, reason) in [
        (EntryState::Ephemeral, GapReason::Ephemeral),
        (EntryState::Disabled, GapReason::DisabledInDbt),
    ] {
        let found: Vec<_> = unreadable
            .iter()
            .filter(|entry| entry.state == state)
            .filter(in_same_database)
            .copied()
            .collect();
        if !found.is_empty() {
            return Answer::Missing {
                reason,
                candidates: candidates(&found, wanted),
            };
        }
    }
    let named: Vec<_> = index
        .by_bare_name(&wanted.name.name)
        .into_iter()
        .filter(|entry| entry.state == EntryState::Readable)
        .collect();
    let nearby: Vec<_> = named.iter().filter(in_same_database).copied().collect();
    if !nearby.is_empty() {
        return Answer::Missing {
            reason: GapReason::OtherSchema,
            candidates: candidates(&nearby, wanted),
        };
    }
    let near = if named.is_empty() {
        index.with_similar_name(&wanted.name.name, MOST_CANDIDATES)
    } else {
        named
    };
    Answer::Missing {
        reason: GapReason::UnknownToDbt,
        candidates: candidates(&near, wanted),
    }
}

fn candidates(entries: &[&Entry<'_>], wanted: &Wanted) -> Vec<Candidate> {
    limited(
        entries
            .iter()
            .map(|entry| candidate(entry, difference(entry, wanted)))
            .collect(),
    )
}

fn candidate(entry: &Entry<'_>, differs: String) -> Candidate {
    Candidate {
        node: entry.node.unique_id.clone(),
        relation: entry.relation.to_string(),
        differs,
    }
}

fn limited(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|left, right| {
        left.differs
            .len()
            .cmp(&right.differs.len())
            .then_with(|| left.cmp(right))
    });
    candidates.dedup_by(|later, earlier| later.node == earlier.node);
    candidates.truncate(MOST_CANDIDATES);
    candidates
}

/// What tells the entry from the name, in words.
fn difference(entry: &Entry<'_>, wanted: &Wanted) -> String {
    match entry.state {
        EntryState::Ephemeral => return "is ephemeral: it has no relation".to_owned(),
        EntryState::Disabled => return "is disabled in dbt".to_owned(),
        EntryState::Readable => {}
    }
    let level = |name: &str, theirs: &Option<String>, ours: &Option<String>| match (theirs, ours) {
        (theirs, None) => theirs.as_ref().map(|theirs| format!("is in {name} {theirs}")),
        (Some(theirs), Some(ours)) if fold(theirs) != fold(ours) => {
            Some(format!("{name} is {theirs}, not {ours}"))
        }
        _ => None,
    };
    let name =
        (entry.folded.name != fold(&wanted.name.name)).then(|| format!("is called {}", entry.relation.name));
    let differences: Vec<String> = [
        level("database", &entry.relation.database, &wanted.name.database),
        level("schema", &entry.relation.schema, &wanted.name.schema),
        name,
    ]
    .into_iter()
    .flatten()
    .collect();
    if differences.is_empty() {
        "its warehouse does not fit the connection".to_owned()
    } else {
        differences.join("; ")
    }
}
