//! Ids of accounts' rows: UUIDs of version 7, so that they sort by the time of their making.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time_id::uuid_at;

macro_rules! id {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id for the given instant.
            pub fn new(at: DateTime<Utc>) -> Self {
                Self(uuid_at(at))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A user.
    UserId
);
id!(
    /// A signed-in session. Shown to its owner; worth nothing without the secret.
    SessionId
);
id!(
    /// A token for programs. Not the token itself.
    ApiTokenId
);
id!(
    /// A row of the audit log.
    AuditId
);
