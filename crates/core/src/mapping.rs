//! Mapping rules: how the BI tool's names for databases and schemas become dbt's before comparing.
//!
//! | rule | meaning |
//! | --- | --- |
//! | `database = "prod"`, `to = "analytics"` | the database `prod` is dbt's `analytics` |
//! | `schema = "PUBLIC"`, `to = "marts"` | the schema `PUBLIC` is dbt's `marts` |
//! | `database = "a"`, `schema = "b"`, `to = "c.d"` | schema `b` of `a` is dbt's `d` of `c` |
//! | `schema = ""`, `to = "marts"` | a name that came without a schema is in `marts` |
//!
//! Rules apply in order, each once, on what the earlier ones made. They never touch a table's own name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::relation::{RelationName, fold, split_name};

/// One rule, as written in `tailwater.toml` or stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "RuleText", into = "RuleText")]
pub struct MappingRule {
    database: Option<String>,
    schema: Option<String>,
    to_database: Option<String>,
    to_schema: Option<String>,
}

/// A rule as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// The database to rewrite, compared without case; `""` = not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The schema to rewrite, compared without case; `""` = not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What takes its place: one name, or `database.schema`.
    pub to: String,
}

/// A rule that says too little or too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Neither a database nor a schema is given.
    #[error("the mapping rule to `{to}` names neither a database nor a schema to rewrite")]
    NothingToRewrite {
        /// The rule's target.
        to: String,
    },
    /// The target is empty or has more than two parts.
    #[error("`{to}` is no target for a mapping rule: it needs one name, or `database.schema`")]
    BadTarget {
        /// The rule's target.
        to: String,
    },
    /// Both levels are matched but only one is given.
    #[error("the mapping rule for database `{database}` and schema `{schema}` goes to `{to}` alone")]
    TargetTooShort {
        /// The database to rewrite.
        database: String,
        /// The schema to rewrite.
        schema: String,
        /// The rule's target.
        to: String,
    },
}

impl Diagnostic for MappingError {
    fn code(&self) -> &'static str {
        match self {
            Self::NothingToRewrite { .. } => "TW-MAP-NOTHING-TO-REWRITE",
            Self::BadTarget { .. } => "TW-MAP-BAD-TARGET",
            Self::TargetTooShort { .. } => "TW-MAP-TARGET-TOO-SHORT",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NothingToRewrite { .. } => "give `database`, `schema` or both".to_owned(),
            Self::BadTarget { .. } => {
                "write `analytics`, or `analytics.marts`; quote a name that holds a dot: `\"a.b\"`".to_owned()
            }
            Self::TargetTooShort { to, .. } => {
                format!("write the target as `database.schema`, for example `{to}.public`")
            }
        })
    }
}

impl TryFrom<RuleText> for MappingRule {
    type Error = MappingError;

    fn try_from(text: RuleText) -> Result<Self, Self::Error> {
        let target = split_name(&text.to);
        let (to_database, to_schema) =
            match (text.database.is_some(), text.schema.is_some(), target.as_slice()) {
                (false, false, _) => return Err(MappingError::NothingToRewrite { to: text.to }),
                (_, _, parts) if parts.iter().any(String::is_empty) => {
                    return Err(MappingError::BadTarget { to: text.to });
                }
                (_, _, [database, schema]) => (Some(database.clone()), Some(schema.clone())),
                (true, false, [database]) => (Some(database.clone()), None),
                (false, true, [schema]) => (None, Some(schema.clone())),
                (true, true, [_]) => {
                    return Err(MappingError::TargetTooShort {
                        database: text.database.unwrap_or_default(),
                        schema: text.schema.unwrap_or_default(),
                        to: text.to,
                    });
                }
                _ => return Err(MappingError::BadTarget { to: text.to }),
            };
        Ok(Self {
            database: text.database,
            schema: text.schema,
            to_database,
            to_schema,
        })
    }
}

impl From<MappingRule> for RuleText {
    fn from(rule: MappingRule) -> Self {
        let to = rule.target();
        Self {
            database: rule.database,
            schema: rule.schema,
            to,
        }
    }
}

impl MappingRule {
    /// Makes a rule out of what people write.
    pub fn new(database: Option<&str>, schema: Option<&str>, to: &str) -> Result<Self, MappingError> {
        RuleText {
            database: database.map(str::to_owned),
            schema: schema.map(str::to_owned),
            to: to.to_owned(),
        }
        .try_into()
    }

    /// Rewrites the name; `None` when the rule does not speak of it.
    pub fn apply(&self, name: &RelationName) -> Option<RelationName> {
        let speaks = is_named(self.database.as_deref(), name.database.as_deref())
            && is_named(self.schema.as_deref(), name.schema.as_deref());
        speaks.then(|| RelationName {
            database: self.to_database.clone().or_else(|| name.database.clone()),
            schema: self.to_schema.clone().or_else(|| name.schema.clone()),
            name: name.name.clone(),
        })
    }

    /// What the rule puts in place, as people write it.
    fn target(&self) -> String {
        let quoted = |part: &String| {
            if part.contains(['.', '"', '[', '`', '(']) {
                format!("\"{}\"", part.replace('"', "\"\""))
            } else {
                part.clone()
            }
        };
        [&self.to_database, &self.to_schema]
            .into_iter()
            .flatten()
            .map(quoted)
            .collect::<Vec<_>>()
            .join(".")
    }
}

fn is_named(wanted: Option<&str>, actual: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| fold(wanted) == fold(actual.unwrap_or_default()))
}

impl fmt::Display for MappingRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| {
                if value.is_empty() {
                    format!("no {name}")
                } else {
                    format!("{name} {value}")
                }
            })
        };
        let from: Vec<String> = [level("database", &self.database), level("schema", &self.schema)]
            .into_iter()
            .flatten()
            .collect();
        write!(formatter, "{} -> {}", from.join(", "), self.target())
    }
}

/// Applies every rule in order; answers the name and the rules that changed it, in words.
pub fn apply_all(rules: &[MappingRule], name: RelationName) -> (RelationName, Vec<String>) {
    let mut applied = Vec::new();
    let mut current = name;
    for rule in rules {
        if let Some(rewritten) = rule.apply(&current).filter(|rewritten| *rewritten != current) {
            applied.push(rule.to_string());
            current = rewritten;
        }
    }
    (current, applied)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn name(text: &str) -> RelationName {
        RelationName::from_parts(&split_name(text)).unwrap()
    }

    #[rstest]
    #[case(Some("prod"), None, "analytics", "PROD.marts.t", "analytics.marts.t")]
    #[case(None, Some("public"), "marts", "db.PUBLIC.t", "db.marts.t")]
    #[case(Some("a"), Some("b"), "c.d", "a.b.t", "c.d.t")]
    #[case(None, Some(""), "marts", "t", "marts.t")]
    #[case(Some("a"), None, "c.d", "a.x.t", "c.d.t")]
    fn a_rule_rewrites_what_it_speaks_of(
        #[case] database: Option<&str>,
        #[case] schema: Option<&str>,
        #[case] to: &str,
        #[case] before: &str,
        #[case] after: &str,
    ) {
        let rule = MappingRule::new(database, schema, to).unwrap();
        assert_eq!(rule.apply(&name(before)), Some(name(after)));
    }

    #[test]
    fn a_rule_leaves_other_names_alone() {
        let rule = MappingRule::new(Some("prod"), None, "analytics").unwrap();
        assert_eq!(rule.apply(&name("dev.marts.t")), None);
        assert_eq!(rule.apply(&name("t")), None);
    }

    #[test]
    fn rules_build_on_one_another_and_are_named() {
        let rules = [
            MappingRule::new(None, Some(""), "public").unwrap(),
            MappingRule::new(None, Some("public"), "marts").unwrap(),
        ];
        let (rewritten, applied) = apply_all(&rules, name("t"));
        assert_eq!(rewritten, name("marts.t"));
        assert_eq!(applied, ["no schema -> public", "schema public -> marts"]);
    }

    #[rstest]
    #[case(None, None, "x", "TW-MAP-NOTHING-TO-REWRITE")]
    #[case(Some("a"), None, "", "TW-MAP-BAD-TARGET")]
    #[case(Some("a"), None, "a.b.c", "TW-MAP-BAD-TARGET")]
    #[case(Some("a"), Some("b"), "c", "TW-MAP-TARGET-TOO-SHORT")]
    fn rules_that_say_too_little_or_too_much_are_refused(
        #[case] database: Option<&str>,
        #[case] schema: Option<&str>,
        #[case] to: &str,
        #[case] code: &str,
    ) {
        assert_eq!(MappingRule::new(database, schema, to).unwrap_err().code(), code);
    }

    #[test]
    fn a_rule_survives_being_written_and_read() {
        let rule = MappingRule::new(Some("a"), Some(""), "\"x.y\".d").unwrap();
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<MappingRule>(&text).unwrap(), rule);
    }
}
