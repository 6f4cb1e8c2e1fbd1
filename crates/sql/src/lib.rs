//! SQL text and a dialect in; upstream tables and columns out, with a confidence.

mod name;
mod parse;
mod request;
mod resolve;
mod text;
mod upstream;

pub use name::TableName;
pub use request::{KnownColumns, Request};
pub use upstream::{ColumnRef, JsonLine, Note, OutputColumn, TableUse, Upstream};

use tailwater_core::confidence::Confidence;

/// Reads the upstream of a piece of SQL.
pub fn upstream(request: &Request<'_>) -> Upstream {
    let parsed = parse::parse(request.sql, request.dialect);
    let mut resolver = resolve::Resolver::new(request);
    let (confidence, error) = match &parsed {
        Ok(statements) => {
            for statement in statements {
                resolver.read_statement(statement);
            }
            (Confidence::Parsed, None)
        }
        Err(error) => (
            Confidence::Scanned,
            Some(text::clipped(error, Upstream::MAX_ERROR_LENGTH)),
        ),
    };
    let findings = resolver.finish();
    Upstream {
        tables: findings.tables,
        columns: findings.columns,
        confidence,
        templated: false,
        error,
        notes: findings.notes,
    }
}
