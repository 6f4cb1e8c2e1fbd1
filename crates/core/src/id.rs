//! Identifiers as types of their own, so that a workbook's id is never passed for a table's.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it came.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text inside.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// A dbt `unique_id`, such as `model.shop.fct_orders` or `exposure.shop.weekly_sales`.
    NodeId
);
id!(
    /// The name under which a dbt project was registered; unique in one installation.
    ProjectName
);
id!(
    /// The name of an environment, such as `production`; unique in one project.
    EnvironmentName
);
id!(
    /// The name of an integration: one site of one BI tool; unique in one installation.
    IntegrationName
);
id!(
    /// A collection of the BI tool (Tableau: a project's LUID).
    CollectionId
);
id!(
    /// An asset of the BI tool that becomes an exposure (Tableau: a workbook's LUID).
    AssetId
);
id!(
    /// A dashboard or sheet inside an asset (Tableau: the Metadata API's id, since hidden sheets have no LUID).
    PartId
);
id!(
    /// A data source (Tableau: the LUID of a published one, the Metadata API's id of an embedded one).
    DataSourceId
);
id!(
    /// A table as the BI tool knows it (Tableau: the Metadata API's id).
    TableId
);
id!(
    /// A piece of custom SQL (Tableau: the Metadata API's id of a custom SQL table).
    CustomSqlId
);
id!(
    /// The name of a job: what runs dbt again and again.
    JobName
);
id!(
    /// One run of a job: a version 7 UUID as text, so that ids sort by age.
    JobRunId
);
id!(
    /// One refresh: a version 7 UUID as text, so that ids sort by age.
    RefreshId
);
