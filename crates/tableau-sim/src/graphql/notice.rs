//! Errors and warnings of the Metadata API, with their extensions.

use serde_json::{Value, json};

/// An entry of `errors`: a code with a severity, or a bare message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    message: String,
    code: Option<&'static str>,
    severity: &'static str,
    properties: Value,
    path: Value,
    classification: Option<&'static str>,
}

impl Notice {
    /// A warning: the answer is there, but not all of it.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            severity: "WARNING",
            ..Self::bare(message)
        }
    }

    /// An error: there is no answer.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            severity: "ERROR",
            ..Self::bare(message)
        }
    }

    /// A message without extensions.
    pub(crate) fn bare(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: None,
            severity: "ERROR",
            properties: json!({}),
            path: Value::Null,
            classification: None,
        }
    }

    /// A null in a place where the schema has none, as graphql-java reports it: without severity.
    pub(crate) fn null_in_non_null(path: Value) -> Self {
        let mut place = String::new();
        for part in path.as_array().into_iter().flatten() {
            place.push('/');
            place.push_str(&part.as_str().map_or_else(|| part.to_string(), str::to_owned));
        }
        let message = format!(
            "The field at path '{place}' was declared as a non null type, but the code involved in retrieving data \
             has wrongly returned a null value."
        );
        Self {
            path,
            classification: Some("NullValueInNonNullableField"),
            ..Self::bare(message)
        }
    }

    /// Adds a property.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Value::Object(members) = &mut self.properties {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The code, or the message of those without one.
    pub(crate) fn label(&self) -> &str {
        self.code.or(self.classification).unwrap_or(&self.message)
    }

    /// As it stands in `errors`.
    pub(crate) fn to_json(&self) -> Value {
        let extensions = match (self.code, self.classification) {
            (Some(code), _) => {
                json!({"severity": self.severity, "code": code, "properties": self.properties})
            }
            (None, Some(classification)) => json!({"classification": classification}),
            (None, None) => Value::Null,
        };
        json!({"message": self.message, "path": self.path, "extensions": extensions})
    }
}
