//! The words by which a scan finds its way through text that no grammar accepts.

use super::lexer::Token;

/// Words that begin a clause after FROM: none of them is a relation's name or alias.
const BEGINS_CLAUSE: &[&str] = &[
    "where",
    "group",
    "order",
    "having",
    "qualify",
    "limit",
    "union",
    "except",
    "intersect",
    "minus",
    "set",
    "window",
    "fetch",
    "offset",
    "when",
    "connect",
    "prewhere",
    "settings",
    "returning",
    "values",
    "select",
    "sel",
];

/// Further words that end a FROM clause at their level of brackets.
const ENDS_FROM: &[&str] = &[
    "start",
    "pivot",
    "unpivot",
    "option",
    "format",
    "cluster",
    "distribute",
    "sort",
    "then",
    "end",
    "else",
];

/// Further words that cannot be the name of a relation where one is awaited.
const NO_NAME: &[&str] = &[
    "with", "on", "using", "join", "left", "right", "inner", "outer", "full", "cross", "natural", "as",
    "and", "or", "not", "case", "null", "from", "by", "in", "into", "exists", "distinct", "then", "else",
    "end", "unpivot",
];

/// Further words after a relation that are no alias of it.
const NO_ALIAS: &[&str] = &[
    "start",
    "with",
    "on",
    "using",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "natural",
    "lateral",
    "pivot",
    "unpivot",
    "for",
    "tablesample",
    "sample",
    "final",
    "array",
    "global",
    "any",
    "asof",
    "semi",
    "anti",
    "option",
    "straight_join",
    "force",
    "use",
    "ignore",
    "partition",
    "match_recognize",
];

/// Whether it ends a FROM clause at its level of brackets.
pub(super) fn ends_from(token: &Token<'_>) -> bool {
    token.is_any_word(BEGINS_CLAUSE) || token.is_any_word(ENDS_FROM)
}

/// Whether it can be the name of a relation where one is awaited.
pub(super) fn may_be_name(token: &Token<'_>) -> bool {
    !(token.is_any_word(BEGINS_CLAUSE) || token.is_any_word(NO_NAME))
}

/// Whether it can be the alias of the relation before it.
pub(super) fn may_be_alias(token: &Token<'_>) -> bool {
    !(token.is_any_word(BEGINS_CLAUSE) || token.is_any_word(NO_ALIAS))
}

/// Hints in brackets after a name, which do not make a call of it.
pub(super) const HINTS: &[&str] = &[
    "nolock",
    "readuncommitted",
    "holdlock",
    "updlock",
    "rowlock",
    "tablock",
    "readpast",
];

/// Functions whose arguments FROM parts.
pub(super) const PARTED_BY_FROM: &[&str] = &[
    "btrim",
    "extract",
    "ltrim",
    "mid",
    "nth_value",
    "overlay",
    "position",
    "rtrim",
    "substr",
    "substring",
    "trim",
];
