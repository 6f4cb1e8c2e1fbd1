//! The grammar that a text is parsed with: sqlparser's dialect, widened, and with a fuel gauge.
//!
//! Two things are added to the dialects of sqlparser:
//!
//! - **Tolerance.** What is being read is text that a warehouse already accepts, so refusing a
//!   construct because the dialect's table of features is behind helps nobody. Features whose syntax
//!   cannot mean anything else are on in every grammar.
//! - **Fuel.** The parser tries some constructs twice, and nested tries multiply. Every expression
//!   that it starts costs one unit; an empty tank answers "recursion limit exceeded", the one error
//!   that the parser does not try to recover from. So the work is bounded by the length of the text.

use std::any::TypeId;
use std::cell::Cell;
use std::iter::Peekable;
use std::str::Chars;

use sqlparser::ast::{ColumnOption, Expr, GranteesType, Ident, ObjectNamePart, Statement};
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect as SqlparserDialect, DuckDbDialect,
    GenericDialect, HiveDialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect, Precedence,
    RedshiftSqlDialect, SQLiteDialect, SnowflakeDialect, SparkSqlDialect, TeradataDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use tailwater_core::dialect::Dialect;

use super::alphabet::Alphabet;

/// What parsing one more statement inside of another may take of the stack.
const STACK_FOR_STATEMENT: usize = 384 * 1024;

/// A dialect of sqlparser with tolerance and fuel.
#[derive(Debug)]
pub(super) struct Grammar {
    inner: &'static dyn SqlparserDialect,
    alphabet: &'static Alphabet,
    extras: Extras,
    fuel: Cell<u64>,
}

/// What is on in some grammars beyond what sqlparser's dialect has.
#[derive(Debug, Clone, Copy)]
struct Extras {
    /// `x -> x + 1` as a function's argument. Clashes with the JSON operator `->` elsewhere.
    lambdas: bool,
    /// `CONNECT BY`. Makes a reserved word of `connect`, so not everywhere.
    connect_by: bool,
}

impl Grammar {
    /// The grammar that comes closest to `dialect`.
    ///
    /// Trino and Athena have no dialect of their own in sqlparser; the generic one is closest.
    pub(super) fn of(dialect: Dialect) -> Self {
        let inner: &'static dyn SqlparserDialect = match dialect {
            Dialect::Snowflake => &SnowflakeDialect,
            Dialect::BigQuery => &BigQueryDialect,
            Dialect::Redshift => &RedshiftSqlDialect {},
            Dialect::Databricks => &DatabricksDialect,
            Dialect::Spark => &SparkSqlDialect,
            Dialect::Postgres => &PostgreSqlDialect {},
            Dialect::SqlServer => &MsSqlDialect {},
            Dialect::MySql => &MySqlDialect {},
            Dialect::Oracle => &OracleDialect,
            Dialect::ClickHouse => &ClickHouseDialect {},
            Dialect::DuckDb => &DuckDbDialect,
            Dialect::Sqlite => &SQLiteDialect {},
            Dialect::Teradata => &TeradataDialect,
            Dialect::Athena | Dialect::Trino | Dialect::Generic => &GenericDialect,
        };
        let lambdas = inner.supports_lambda_functions()
            || matches!(
                dialect,
                Dialect::Trino | Dialect::Athena | Dialect::Spark | Dialect::Snowflake
            );
        let connect_by = inner.supports_connect_by() || dialect == Dialect::Oracle;
        Self {
            inner,
            alphabet: Alphabet::of(dialect, inner),
            extras: Extras { lambdas, connect_by },
            fuel: Cell::new(0),
        }
    }

    /// The grammar of Hive, a second chance for Spark's older scripts.
    pub(super) fn hive() -> Self {
        Self {
            inner: &HiveDialect {},
            alphabet: Alphabet::of_hive(&HiveDialect {}),
            extras: Extras {
                lambdas: false,
                connect_by: false,
            },
            fuel: Cell::new(0),
        }
    }

    /// What its characters mean.
    pub(super) const fn alphabet(&self) -> &'static Alphabet {
        self.alphabet
    }

    /// Fills the tank: `units` expressions may be started from here on.
    pub(super) fn refuel(&self, units: u64) {
        self.fuel.set(units);
    }
}

/// Features that are asked of the inner dialect.
macro_rules! as_inner {
    ($($name:ident,)*) => {
        $(fn $name(&self) -> bool { self.inner.$name() })*
    };
}

/// Features that are on whatever the inner dialect says.
macro_rules! always_on {
    ($($name:ident,)*) => {
        $(fn $name(&self) -> bool { true })*
    };
}

impl SqlparserDialect for Grammar {
    always_on! {
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_aliased_function_args,
        supports_bang_not_operator,
        supports_bitwise_shift_operators,
        supports_comma_separated_trim,
        supports_create_table_select,
        supports_cross_join_constraint,
        supports_extract_comma_syntax,
        supports_filter_during_aggregation,
        supports_from_first_select,
        supports_group_by_expr,
        supports_group_by_with_modifier,
        supports_in_empty_list,
        supports_in_unparenthesized_expr,
        supports_interval_options,
        supports_limit_comma,
        supports_match_recognize,
        supports_named_fn_args_with_rarrow_operator,
        supports_order_by_all,
        supports_outer_join_operator,
        supports_parens_around_table_factor,
        supports_projection_trailing_commas,
        supports_select_expr_star,
        supports_select_item_multi_column_alias,
        supports_select_wildcard_except,
        supports_select_wildcard_exclude,
        supports_select_wildcard_rename,
        supports_select_wildcard_replace,
        supports_subquery_as_function_arg,
        supports_try_convert,
        supports_values_as_table_factor,
        supports_window_clause_named_window_reference,
        supports_window_function_null_treatment_arg,
        supports_xml_expressions,
    }

    as_inner! {
        convert_type_before_value,
        describe_requires_table_keyword,
        ignores_wildcard_escapes,
        require_interval_qualifier,
        requires_single_line_comment_whitespace,
        support_map_literal_syntax,
        supports_alter_column_type_using,
        supports_alter_user_as_alter_role,
        supports_array_join_syntax,
        supports_array_typedef_with_brackets,
        supports_array_typedef_without_element_type,
        supports_asc_desc_in_column_definition,
        supports_binary_kw_as_cast,
        supports_boolean_literals,
        supports_column_definition_trailing_commas,
        supports_comma_separated_drop_column_list,
        supports_comma_separated_set_assignments,
        supports_comment_on,
        supports_comment_optimizer_hint,
        supports_constraint_keyword_without_name,
        supports_create_index_with_clause,
        supports_create_table_like_parenthesized,
        supports_create_table_multi_schema_info_sources,
        supports_create_table_using,
        supports_create_view_comment_syntax,
        supports_cte_without_as,
        supports_data_type_signed_suffix,
        supports_detach,
        supports_dictionary_syntax,
        supports_dollar_as_money_prefix,
        supports_dollar_placeholder,
        supports_double_ampersand_operator,
        supports_empty_projections,
        supports_end_transaction_modifier,
        supports_eq_alias_assignment,
        supports_exclude_constraint,
        supports_execute_immediate,
        supports_explain_with_utility_options,
        supports_factorial_operator,
        supports_from_first_insert,
        supports_from_trailing_commas,
        supports_geometric_types,
        supports_insert_format,
        supports_insert_set,
        supports_insert_table_alias,
        supports_insert_table_function,
        supports_insert_table_query,
        supports_install,
        supports_interpolate,
        supports_key_column_option,
        supports_leading_comma_before_table_options,
        supports_left_associative_joins_without_parens,
        supports_limit_by,
        supports_listen_notify,
        supports_load_data,
        supports_load_extension,
        supports_long_type_as_bigint,
        supports_map_literal_with_angle_brackets,
        supports_match_against,
        supports_multiline_comment_hints,
        supports_named_fn_args_with_assignment_operator,
        supports_named_fn_args_with_colon_operator,
        supports_named_fn_args_with_eq_operator,
        supports_named_fn_args_with_expr_name,
        supports_nested_comments,
        supports_notnull_operator,
        supports_numeric_literal_underscores,
        supports_numeric_prefix,
        supports_object_name_double_dot_notation,
        supports_optimize_table,
        supports_order_by_using_operator,
        supports_parenthesized_set_variables,
        supports_partiql,
        supports_partition_by_after_order_by,
        supports_pipe_operator,
        supports_prewhere,
        supports_quote_delimited_string,
        supports_select_exclude,
        supports_select_format,
        supports_select_modifiers,
        supports_select_wildcard_ilike,
        supports_select_wildcard_with_alias,
        supports_semantic_view_table_factor,
        supports_set_names,
        supports_set_stmt_without_operator,
        supports_settings,
        supports_show_like_before_in,
        supports_space_separated_column_options,
        supports_start_transaction_modifier,
        supports_string_escape_constant,
        supports_string_literal_backslash_escape,
        supports_string_literal_concatenation,
        supports_string_literal_concatenation_with_newline,
        supports_struct_literal,
        supports_table_hints,
        supports_table_sample_before_alias,
        supports_table_versioning,
        supports_top_before_distinct,
        supports_trailing_commas,
        supports_triple_quoted_string,
        supports_unicode_string_literal,
        supports_unpivot_expr,
        supports_update_order_by,
        supports_user_host_grantee,
        supports_with_fill,
        supports_within_after_array_aggregation,
    }

    fn supports_lambda_functions(&self) -> bool {
        self.extras.lambdas
    }

    fn supports_connect_by(&self) -> bool {
        self.extras.connect_by
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let Some(left) = self.fuel.get().checked_sub(1) else {
            return Some(Err(ParserError::RecursionLimitExceeded));
        };
        self.fuel.set(left);
        self.inner.parse_prefix(parser)
    }

    fn dialect(&self) -> TypeId {
        self.inner.dialect()
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        self.inner.is_delimited_identifier_start(character)
    }

    fn is_nested_delimited_identifier_start(&self, character: char) -> bool {
        self.inner.is_nested_delimited_identifier_start(character)
    }

    fn peek_nested_delimited_identifier_quotes(
        &self,
        chars: Peekable<Chars<'_>>,
    ) -> Option<(char, Option<char>)> {
        self.inner.peek_nested_delimited_identifier_quotes(chars)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.inner.identifier_quote_style(identifier)
    }

    fn is_identifier_start(&self, character: char) -> bool {
        self.inner.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        self.inner.is_identifier_part(character)
    }

    fn is_custom_operator_part(&self, character: char) -> bool {
        self.inner.is_custom_operator_part(character)
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        self.inner.parse_infix(parser, expr, precedence)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        self.inner.get_next_precedence(parser)
    }

    fn get_next_precedence_default(&self, parser: &Parser) -> Result<u8, ParserError> {
        self.inner.get_next_precedence_default(parser)
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        // The parser moves nested expressions and queries to new pieces of stack, but not nested
        // statements (`EXPLAIN EXPLAIN …`).
        if stacker::remaining_stack().is_some_and(|left| left < STACK_FOR_STATEMENT) {
            return Some(Err(ParserError::RecursionLimitExceeded));
        }
        self.inner.parse_statement(parser)
    }

    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        self.inner.parse_column_option(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        self.inner.prec_value(precedence)
    }

    fn prec_unknown(&self) -> u8 {
        self.inner.prec_unknown()
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        self.inner.is_reserved_for_identifier(keyword)
    }

    fn get_reserved_keywords_for_select_item_operator(&self) -> &[Keyword] {
        self.inner.get_reserved_keywords_for_select_item_operator()
    }

    fn get_reserved_grantees_types(&self) -> &[GranteesType] {
        self.inner.get_reserved_grantees_types()
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.inner.is_column_alias(keyword, parser)
    }

    fn is_select_item_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.inner.is_select_item_alias(explicit, keyword, parser)
    }

    fn is_table_factor(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.inner.is_table_factor(keyword, parser)
    }

    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.inner.is_table_alias(keyword, parser)
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        self.inner.is_table_factor_alias(explicit, keyword, parser)
    }

    fn is_identifier_generating_function_name(&self, ident: &Ident, name_parts: &[ObjectNamePart]) -> bool {
        self.inner
            .is_identifier_generating_function_name(ident, name_parts)
    }
}
