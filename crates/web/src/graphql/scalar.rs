//! Scalars of the schema.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};

/// Names an environment: its name, as a text. The hosted platform numbers environments, and a number
/// stands for production here unless an environment is called so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentId(pub String);

#[Scalar(name = "BigInt")]
impl ScalarType for EnvironmentId {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An instant in UTC by RFC 3339, such as `2026-11-22T06:10:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

#[Scalar(name = "DateTime")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An instant where there is one.
pub fn instant(at: Option<DateTime<Utc>>) -> Option<Instant> {
    at.map(Instant)
}
