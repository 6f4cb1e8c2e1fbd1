//! What would mend a gap, in words that name the command, the file or the person.

use crate::gap::{Candidate, GapReason};
use crate::id::IntegrationName;
use crate::relation::{RelationName, split_name};

/// The remedy for a table whose name is known.
pub fn for_relation(
    reason: GapReason,
    integration: &IntegrationName,
    name: &RelationName,
    candidates: &[Candidate],
) -> String {
    match reason {
        GapReason::OtherDatabase => {
            let database = name.database.as_deref().unwrap_or_default();
            let target = common_level(candidates, 2).unwrap_or_else(|| "DATABASE".to_owned());
            format!(
                "if {database} is what dbt calls {target}, map it: `tailwater integration map add {integration} --database {} --to {}`",
                quoted(database),
                quoted(&target)
            )
        }
        GapReason::OtherSchema => {
            // Of a two-level warehouse what the tool calls the database is the schema.
            let (option, schema) = match &name.schema {
                Some(schema) => ("--schema", schema.as_str()),
                None => ("--database", name.database.as_deref().unwrap_or_default()),
            };
            let target = common_level(candidates, 1).unwrap_or_else(|| "SCHEMA".to_owned());
            format!(
                "if the schema {schema} is what dbt calls {target}, map it: `tailwater integration map add {integration} {option} {} --to {}`; otherwise declare the table as a dbt source",
                quoted(schema),
                quoted(&target)
            )
        }
        GapReason::IncompleteName => {
            let target = common_level(candidates, 1).unwrap_or_else(|| "SCHEMA".to_owned());
            format!(
                "write the schema into the custom SQL, or say which schema names without one are in: `tailwater integration map add {integration} --schema '' --to {}`",
                quoted(&target)
            )
        }
        GapReason::Ambiguous => {
            "let the BI tool tell the database, or map it to one of the candidates' databases; two dbt nodes with one relation need another alias".to_owned()
        }
        GapReason::Ephemeral => {
            "a dashboard cannot read an ephemeral model: build it as a view or a table, or point the dashboard at what reads it".to_owned()
        }
        GapReason::DisabledInDbt => "enable the node in dbt, or point the dashboard at one that is built".to_owned(),
        _ => {
            let schema = name.schema.as_deref().unwrap_or("its schema");
            format!("declare it as a dbt source (schema {schema}, table {}), or point the dashboard at a dbt model", name.name)
        }
    }
}

/// The remedy for a gap that has no table name to go by.
pub fn without_name(reason: GapReason) -> String {
    match reason {
        GapReason::HiddenFromToken => {
            "use the token of a Site Administrator Explorer or higher, switch on derived permissions, or grant its user the permission to view these tables"
        }
        GapReason::SqlNotReadable => {
            "simplify the SQL, move it into a dbt model, or report it: `tailwater sql` shows what could not be read"
        }
        GapReason::LinkedServer => "read the table through the warehouse that dbt builds, or declare it by hand in an exposure",
        GapReason::NotAWarehouseTable => "nothing to mend while it is meant to be a file; load it with dbt (a seed or a source) to see it in the lineage",
        GapReason::PendingInIndex => "nothing to do: the next sync reads it once the BI tool has indexed it",
        GapReason::LineageIncomplete => "sync again later; what was known before is kept meanwhile",
        GapReason::NoLineageReported => {
            "open the workbook once and republish it so that the BI tool reads its connections again; cubes and stored procedures have no lineage there"
        }
        GapReason::HandLinkGone => "link the node that took its place, or take the link back with `tailwater unlink`",
        _ => "declare the table as a dbt source, or point the dashboard at a dbt model",
    }
    .to_owned()
}

/// The level that all candidates' relations have in common, counted from the right: 1 is the schema.
/// `None` where they differ: which one is meant is for a person to say.
fn common_level(candidates: &[Candidate], from_right: usize) -> Option<String> {
    let mut levels = candidates.iter().map(|candidate| {
        let parts = split_name(&candidate.relation);
        parts
            .len()
            .checked_sub(from_right + 1)
            .map(|at| parts[at].clone())
    });
    let first = levels.next()??;
    levels
        .all(|level| level.as_ref() == Some(&first))
        .then_some(first)
}

/// A word for a shell: quoted where the shell would read more into it.
pub fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/' | ':'));
    if is_plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_proposed_as_a_command_that_can_be_pasted() {
        let name = RelationName::new(Some("my db"), Some("marts"), "t");
        let candidates = [Candidate {
            node: "model.p.t".into(),
            relation: "prod.marts.t".into(),
            differs: String::new(),
        }];
        let remedy = for_relation(GapReason::OtherDatabase, &"main".into(), &name, &candidates);
        assert!(
            remedy.ends_with("`tailwater integration map add main --database 'my db' --to prod`"),
            "{remedy}"
        );
    }

    #[test]
    fn candidates_in_several_schemas_leave_the_choice_to_a_person() {
        let candidate = |relation: &str| Candidate {
            node: "model.p.t".into(),
            relation: relation.into(),
            differs: String::new(),
        };
        let name = RelationName::new(None, None, "t");
        let remedy = |candidates: &[Candidate]| {
            for_relation(GapReason::IncompleteName, &"main".into(), &name, candidates)
        };
        assert!(remedy(&[candidate("a.marts.t"), candidate("b.marts.t")]).ends_with("--to marts`"));
        assert!(remedy(&[candidate("a.marts.t"), candidate("a.raw.t")]).ends_with("--to SCHEMA`"));
    }

    #[test]
    fn words_for_a_shell_are_quoted() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a-b_c"), "a-b_c");
    }
}
