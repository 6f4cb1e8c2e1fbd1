//! The layer of a model: marts, intermediate or staging, by its name's prefix, else by its folder.

use serde::{Deserialize, Serialize};

use crate::project::{Node, ResourceType};

/// dbt's three layers of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// What people and dashboards read: `fct_`, `dim_`, or a folder `marts`.
    Marts,
    /// Steps between: `int_`, or a folder `intermediate`.
    Intermediate,
    /// Close to the sources: `stg_`, or a folder `staging`.
    Staging,
}

impl Layer {
    /// Every layer, from the dashboards down to the sources.
    pub const ALL: [Self; 3] = [Self::Marts, Self::Intermediate, Self::Staging];

    /// The word in JSON and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Marts => "marts",
            Self::Intermediate => "intermediate",
            Self::Staging => "staging",
        }
    }

    /// The layer of a node; `None` of what is no model and of models that show no layer.
    ///
    /// The name comes before the folder: it is what readers of a query see. Of several folders the one
    /// nearest the file counts.
    pub fn of(node: &Node) -> Option<Self> {
        if node.resource_type != ResourceType::Model {
            return None;
        }
        Self::by_name(&node.name).or_else(|| Self::by_path(&node.path))
    }

    fn by_name(name: &str) -> Option<Self> {
        let starts_with = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        match () {
            () if starts_with("fct_") || starts_with("dim_") => Some(Self::Marts),
            () if starts_with("int_") => Some(Self::Intermediate),
            () if starts_with("stg_") => Some(Self::Staging),
            () => None,
        }
    }

    fn by_path(path: &str) -> Option<Self> {
        // Manifests written on Windows have backslashes. The last piece is the file itself.
        path.rsplit(['/', '\\']).skip(1).find_map(|folder| {
            Self::ALL
                .into_iter()
                .find(|layer| folder.eq_ignore_ascii_case(layer.name()))
        })
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("fct_orders", "models/fct_orders.sql", Some(Layer::Marts))]
    #[case("dim_customers", "", Some(Layer::Marts))]
    #[case("int_orders", "models/int_orders.sql", Some(Layer::Intermediate))]
    #[case("stg_orders", "models/marts/stg_orders.sql", Some(Layer::Staging))]
    #[case("orders", "models/marts/finance/orders.sql", Some(Layer::Marts))]
    #[case("orders", "models\\Intermediate\\orders.sql", Some(Layer::Intermediate))]
    #[case("orders", "models/marts/staging/orders.sql", Some(Layer::Staging))]
    #[case("orders", "marts/orders.sql", Some(Layer::Marts))]
    #[case("orders", "models/orders/marts", None)]
    #[case("orders", "models/data_marts/orders.sql", None)]
    #[case("FCT_ORDERS", "", Some(Layer::Marts))]
    #[case("dé_x", "", None)]
    fn layers_by_name_then_folder(#[case] name: &str, #[case] path: &str, #[case] layer: Option<Layer>) {
        let mut node = Node {
            name: name.to_owned(),
            path: path.to_owned(),
            ..Node::default()
        };
        assert_eq!(Layer::of(&node), layer);
        node.resource_type = ResourceType::Seed;
        assert_eq!(Layer::of(&node), None);
    }
}
