//! The question, as it stands in an address.
//!
//! ```text
//! select=fct_orders&up=1&down=all&lens=health&open=pill:model.shop.int_orders&open=group:folder:models/marts
//! ```

use std::collections::BTreeSet;

use super::error::PictureError;
use crate::id::NodeId;
use crate::selector::Depth;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureQuery {
    /// A selector; when empty, what is around the focus, and everything without one.
    pub select: String,
    /// What is taken out.
    pub exclude: String,
    /// The node that is marked, and around which is drawn when nothing is selected.
    pub focus: Option<NodeId>,
    /// How far up; takes the place of what a selector of one part says.
    pub up: Option<Depth>,
    /// How far down, likewise.
    pub down: Option<Depth>,
    /// Depths and collapsing by a name.
    pub preset: Option<Preset>,
    /// What colours mean.
    pub lens: LensName,
    /// Whether models between the chosen ones and the dashboards are drawn as pills; by default only with
    /// [`Preset::Impact`].
    pub collapse: Option<bool>,
    /// What one vertex stands for; by default single resources, and folders when there are very many.
    pub group: Option<Grouping>,
    /// Ids of the groups and pills that are open.
    pub open: BTreeSet<String>,
    /// Which data sources of the BI tool are drawn; published ones by default.
    pub data_sources: Option<DataSourceView>,
    /// Whether dashboards and sheets are drawn behind their workbook.
    pub has_parts: bool,
    /// Whether tests are drawn.
    pub has_tests: bool,
    /// Whether everything is drawn, however much it is.
    pub draw_all: bool,
    /// For small pictures on pages: of many at one distance from the focus, so many are drawn and the rest
    /// is one pill. No part of the address.
    pub most_each_side: Option<usize>,
}

/// A question that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Which dashboards stand on it: everything down, the middle collapsed.
    Impact,
    /// What it stands on: everything up.
    Origin,
    /// One step to both sides.
    Around,
}

/// What a colour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LensName {
    /// The kind of resource.
    #[default]
    Type,
    /// Its health.
    Health,
    /// How its last run ended.
    Status,
    /// How it is built.
    Materialization,
    /// Staging, intermediate or marts.
    Layer,
    /// The worst of its tests.
    Tests,
    /// When its data was last renewed.
    Refresh,
    /// Who answers for it.
    Owner,
}

/// What one vertex stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// The folder of its file; of sources the source, of dashboards the BI tool's project.
    Folder,
    /// Its schema in the warehouse.
    Schema,
    /// The BI tool's project; of other resources the package.
    Project,
    /// Who answers for it.
    Owner,
    /// Its kind.
    Kind,
}

/// Which data sources are drawn between models and dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DataSourceView {
    /// None.
    Hidden,
    /// Those that are published on their own.
    #[default]
    Published,
    /// Those inside a workbook too.
    All,
}

/// Words of an option: each value with its name in addresses.
macro_rules! words {
    ($type:ident, $option:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in addresses.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$variant),)+ _ => None }
            }

            fn read(value: &str) -> Result<Self, PictureError> {
                Self::from_name(value).ok_or_else(|| unknown($option, value, [$($word),+].join(", ")))
            }
        }
    };
}

words!(Preset, "preset", Impact => "impact", Origin => "origin", Around => "around");
words!(LensName, "lens", Type => "type", Health => "health", Status => "status",
    Materialization => "materialization", Layer => "layer", Tests => "tests", Refresh => "refresh", Owner => "owner");
words!(Grouping, "group", Folder => "folder", Schema => "schema", Project => "project", Owner => "owner",
    Kind => "kind");
words!(DataSourceView, "datasources", Hidden => "none", Published => "published", All => "all");

/// Longer texts are no questions.
const LONGEST_TEXT: usize = 10_000;

impl Preset {
    /// How far up and down it goes.
    pub const fn depths(self) -> (Depth, Depth) {
        match self {
            Self::Impact => (Depth::Steps(0), Depth::All),
            Self::Origin => (Depth::All, Depth::Steps(0)),
            Self::Around => (Depth::Steps(1), Depth::Steps(1)),
        }
    }
}

impl LensName {
    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Health => "Health",
            Self::Status => "Last run",
            Self::Materialization => "Materialization",
            Self::Layer => "Layer",
            Self::Tests => "Tests",
            Self::Refresh => "Last refresh",
            Self::Owner => "Owner",
        }
    }
}

impl PictureQuery {
    /// What is around one node.
    pub fn around(focus: NodeId, up: Depth, down: Depth) -> Self {
        Self {
            focus: Some(focus),
            up: Some(up),
            down: Some(down),
            ..Self::default()
        }
    }

    /// The small picture on a resource's page: `most` neighbours at each distance, no data sources.
    pub fn small(focus: NodeId, up: usize, down: usize, most: usize) -> Self {
        Self {
            data_sources: Some(DataSourceView::Hidden),
            most_each_side: Some(most),
            ..Self::around(focus, Depth::Steps(up), Depth::Steps(down))
        }
    }

    /// Whether the middle is collapsed.
    pub fn collapses(&self) -> bool {
        self.collapse.unwrap_or(self.preset == Some(Preset::Impact))
    }

    /// Reads the pairs of an address. Empty values say nothing, and names that are not known belong to others.
    ///
    /// # Errors
    /// A value that its option does not know.
    pub fn from_pairs<Name: AsRef<str>, Value: AsRef<str>>(
        pairs: impl IntoIterator<Item = (Name, Value)>,
    ) -> Result<Self, PictureError> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let value = value.as_ref().trim();
            if value.is_empty() {
                continue;
            }
            let name = name.as_ref();
            if value.len() > LONGEST_TEXT {
                let option = PLAIN_OPTIONS.into_iter().find(|&option| option == name);
                let expected = format!("at most {LONGEST_TEXT} bytes long");
                return Err(unknown(option.unwrap_or("select"), value, expected));
            }
            match name {
                "select" => value.clone_into(&mut query.select),
                "exclude" => value.clone_into(&mut query.exclude),
                "focus" => query.focus = Some(NodeId::from(value)),
                "up" => query.up = Some(depth("up", value)?),
                "down" => query.down = Some(depth("down", value)?),
                "preset" => query.preset = Some(Preset::read(value)?),
                "lens" => query.lens = LensName::read(value)?,
                "collapse" => query.collapse = Some(switch("collapse", value)?),
                "group" => query.group = Some(Grouping::read(value)?),
                "open" => {
                    query.open.insert(value.to_owned());
                }
                "datasources" => query.data_sources = Some(DataSourceView::read(value)?),
                "parts" => query.has_parts = switch("parts", value)?,
                "tests" => query.has_tests = switch("tests", value)?,
                "all" => query.draw_all = switch("all", value)?,
                _ => {}
            }
        }
        Ok(query)
    }

    /// The pairs of the address that asks the same, in a fixed order; what is by default is left out.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let yes = |is_on: bool| is_on.then(|| "1".to_owned());
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let single = [
            ("select", text(&self.select)),
            ("exclude", text(&self.exclude)),
            ("focus", self.focus.as_ref().map(ToString::to_string)),
            ("up", self.up.map(|depth| depth.to_string())),
            ("down", self.down.map(|depth| depth.to_string())),
            ("preset", self.preset.map(|preset| preset.name().to_owned())),
            (
                "lens",
                (self.lens != LensName::default()).then(|| self.lens.name().to_owned()),
            ),
            (
                "collapse",
                self.collapse
                    .map(|is_on| if is_on { "1" } else { "0" }.to_owned()),
            ),
            ("group", self.group.map(|group| group.name().to_owned())),
            (
                "datasources",
                self.data_sources.map(|view| view.name().to_owned()),
            ),
            ("parts", yes(self.has_parts)),
            ("tests", yes(self.has_tests)),
            ("all", yes(self.draw_all)),
        ];
        let mut pairs: Vec<_> = single
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        pairs.extend(self.open.iter().map(|id| ("open", id.clone())));
        pairs
    }
}

const PLAIN_OPTIONS: [&str; 4] = ["select", "exclude", "focus", "open"];

fn depth(option: &'static str, value: &str) -> Result<Depth, PictureError> {
    Depth::from_text(value).ok_or_else(|| unknown(option, value, "a number of steps, or all".to_owned()))
}

fn switch(option: &'static str, value: &str) -> Result<bool, PictureError> {
    match value {
        "1" | "true" | "on" | "yes" => Ok(true),
        "0" | "false" | "off" | "no" => Ok(false),
        _ => Err(unknown(option, value, "1 or 0".to_owned())),
    }
}

fn unknown(option: &'static str, value: &str, expected: String) -> PictureError {
    let value = value.chars().take(60).collect();
    PictureError::UnknownValue {
        option,
        value,
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;

    #[test]
    fn an_address_reads_back() {
        let pairs = [
            ("select", "+a"),
            ("exclude", "b"),
            ("focus", "model.shop.a"),
            ("up", "2"),
            ("down", "all"),
            ("preset", "impact"),
            ("lens", "tests"),
            ("collapse", "0"),
            ("group", "schema"),
            ("datasources", "all"),
            ("parts", "1"),
            ("tests", "1"),
            ("all", "1"),
            ("open", "group:schema:a.b"),
            ("open", "pill:model.shop.b"),
        ];
        let query = PictureQuery::from_pairs(pairs).unwrap();
        let found = query.to_pairs();
        assert_eq!(
            found
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect::<Vec<_>>(),
            pairs
        );
        assert_eq!(PictureQuery::from_pairs(found).unwrap(), query);
        assert_eq!(PictureQuery::default().to_pairs(), []);
        let others = PictureQuery::from_pairs([("env", "staging"), ("lens", " ")]).unwrap();
        assert_eq!(others, PictureQuery::default());
    }

    #[test]
    fn values_that_are_not_known_are_refused_with_those_that_are() {
        for (name, value) in [
            ("lens", "colour"),
            ("up", "-1"),
            ("parts", "perhaps"),
            ("group", "x"),
        ] {
            let error = PictureQuery::from_pairs([(name, value)]).unwrap_err();
            assert_eq!(error.code(), "TW-LINEAGE-OPTION");
            assert!(error.to_string().contains(value));
        }
        let long = "x".repeat(20_000);
        let error = PictureQuery::from_pairs([("select", long)]).unwrap_err();
        assert!(error.to_string().len() < 200);
    }
}
