//! The manifest as a whole: its sections, walked once.
//!
//! The file is seen through a [`Window`], and each entry is turned into a [`Node`] as soon as it was read, so that
//! beside the finished nodes only one entry is held at a time. Sections that nothing needs (`docs`, `parent_map`,
//! …) are skipped.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use tailwater_core::id::NodeId;
use tailwater_core::project::{Group, Macro, MacroArgument, Node, ResourceType};

use crate::artifact::WireMetadata;
use crate::lenient::{Block, scalars_give};
use crate::manifest::config::Configs;
use crate::manifest::node::{owner, parse_meta, to_node, with_slashes};
use crate::manifest::package::PackageFacts;
use crate::manifest::window::{Taker, Window};
use crate::manifest::wire::{WireArgument, WireNode};
use crate::sniff::shortened;

/// The manifest's `metadata`.
pub(crate) type Head = WireMetadata;

/// Everything that was taken from the file.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub head: Head,
    pub packages: BTreeMap<String, PackageFacts>,
    pub nodes: Vec<Node>,
    pub disabled: Vec<Node>,
    pub groups: Vec<Group>,
    pub macros: Vec<Macro>,
    pub notes: Vec<String>,
}

/// Reads the whole document, of which only a block is held at a time. Where `source` cannot be read or is no JSON
/// object, the error's line and column count from the member that it was met in.
pub(crate) fn parse(source: impl Read) -> Result<Document, serde_json::Error> {
    let mut window = Window::new(source);
    let mut builder = Builder::default();
    if window.peek()? != Some(b'{') {
        return Err(serde_json::Error::custom("no map"));
    }
    window.each(|window, key| {
        if key == "metadata" {
            let Block(head) = window.value()?;
            builder.document.head = head;
            return Ok(());
        }
        let Some(section) = Section::from_key(key) else {
            return window.skip();
        };
        let is_section = window.each(|window, key| {
            window.take(&mut EntryTaker {
                builder: &mut builder,
                section,
                key,
            })
        })?;
        if is_section { Ok(()) } else { window.skip() }
    })?;
    window.end()?;
    Ok(builder.finish())
}

/// Reads the document's `metadata`, and no further than up to its end; `None` where there is none before the text ends,
/// cannot be read or is no JSON object.
pub(crate) fn read_head(source: impl Read) -> Option<Head> {
    let mut window = Window::new(source);
    let mut found = None;
    // An error is the only way to end before the text does.
    let _ = window.each(|window, key| {
        if key != "metadata" {
            return window.skip();
        }
        let Block(head) = window.value()?;
        found = Some(head);
        Err(serde_json::Error::custom("found"))
    });
    found
}

/// Collects the nodes of all sections.
#[derive(Default)]
struct Builder {
    document: Document,
    configs: Configs,
    unknown_types: BTreeMap<String, usize>,
    /// How many `config` and `meta` blocks could not be read.
    unreadable: usize,
}

impl Builder {
    fn add(&mut self, key: &str, wire: &WireNode<'_>, section: Section) {
        let unique_id = wire.unique_id.as_text().unwrap_or(key);
        if unique_id.is_empty() {
            return;
        }
        if section == Section::Groups {
            self.add_group(unique_id, wire);
            return;
        }
        if section == Section::Macros {
            self.document.macros.push(to_macro(unique_id, wire));
            return;
        }
        let Some(resource_type) = resource_type(wire, unique_id, section) else {
            let word = wire.resource_type.as_text().unwrap_or("nothing");
            *self.unknown_types.entry(word.to_owned()).or_default() += 1;
            return;
        };
        // What is nested too deep, or has numbers beyond all bounds, is no reason to refuse the rest.
        let config = self.configs.find_or_parse(wire.config);
        let meta = parse_meta(wire.meta);
        self.unreadable += usize::from(config.is_err()) + usize::from(meta.is_err());
        let config = config.unwrap_or_default();
        let is_disabled = section == Section::Disabled || config.is_disabled;
        let node = to_node(
            wire,
            unique_id.to_owned(),
            resource_type,
            config,
            meta.unwrap_or_default(),
        );
        let facts = self.document.packages.entry(node.package.clone()).or_default();
        facts.entries += 1;
        if facts.root_path.is_none() {
            facts.root_path = wire.root_path.to_text();
        }
        if is_disabled {
            self.document.disabled.push(node);
        } else {
            self.document.nodes.push(node);
        }
    }

    fn add_group(&mut self, unique_id: &str, wire: &WireNode<'_>) {
        let mut id_parts = unique_id.split('.').skip(1).map(str::to_owned);
        let (owner_name, owner_email) = owner(&wire.owner.0);
        self.document.groups.push(Group {
            package: wire
                .package_name
                .to_text()
                .or(id_parts.next())
                .unwrap_or_default(),
            name: wire.name.to_text().or(id_parts.next()).unwrap_or_default(),
            owner_name,
            owner_email,
        });
    }

    fn finish(mut self) -> Document {
        for (word, count) in self.unknown_types {
            let entries = if count == 1 { "entry" } else { "entries" };
            self.document.notes.push(format!(
                "{count} {entries} of the resource type `{}`, which this release does not know, left out",
                shortened(&word)
            ));
        }
        if self.unreadable > 0 {
            self.document.notes.push(format!(
                "{} blocks of `config` or `meta` could not be read and count as empty",
                self.unreadable
            ));
        }
        self.document
    }
}

fn to_macro(unique_id: &str, wire: &WireNode<'_>) -> Macro {
    let mut id_parts = unique_id.split('.').skip(1).map(str::to_owned);
    let argument = |(key, wire): &(std::borrow::Cow<'_, str>, WireArgument<'_>)| MacroArgument {
        name: wire.name.to_text().unwrap_or_else(|| key.to_string()),
        kind: wire.kind.to_text(),
        description: wire.description.to_text(),
    };
    Macro {
        unique_id: NodeId::from(unique_id),
        package: wire
            .package_name
            .to_text()
            .or(id_parts.next())
            .unwrap_or_default(),
        name: wire.name.to_text().or(id_parts.next()).unwrap_or_default(),
        path: with_slashes(wire.original_file_path.to_text().unwrap_or_default()),
        description: wire.description.to_text(),
        arguments: wire.arguments.0.iter().map(argument).collect(),
    }
}

/// The sections of a manifest that hold entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Models, seeds, snapshots, tests, analyses, operations: each names its type.
    Nodes,
    /// One kind of entry.
    Of(ResourceType),
    /// Any kind, switched off.
    Disabled,
    /// The groups.
    Groups,
    /// The macros.
    Macros,
}

impl Section {
    fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "nodes" => Self::Nodes,
            "sources" => Self::Of(ResourceType::Source),
            "exposures" => Self::Of(ResourceType::Exposure),
            "metrics" => Self::Of(ResourceType::Metric),
            "semantic_models" => Self::Of(ResourceType::SemanticModel),
            "saved_queries" => Self::Of(ResourceType::SavedQuery),
            "unit_tests" => Self::Of(ResourceType::UnitTest),
            "functions" => Self::Of(ResourceType::Function),
            "groups" => Self::Groups,
            "macros" => Self::Macros,
            "disabled" => Self::Disabled,
            _ => return None,
        })
    }
}

/// The entry's kind: by its section, its own word, or the first part of its id.
fn resource_type(wire: &WireNode<'_>, unique_id: &str, section: Section) -> Option<ResourceType> {
    if let Section::Of(resource_type) = section {
        return Some(resource_type);
    }
    let word = match wire.resource_type.as_text() {
        Some(word) => word,
        None => unique_id.split('.').next()?,
    };
    match word {
        "data_test" => Some(ResourceType::Test),
        // `sql operation`, `unit test`: some versions write a blank.
        _ => ResourceType::from_name(&word.replace(' ', "_")),
    }
}

/// An entry as it stands in the file. In `disabled` an id stands for a list of entries, because several may have
/// the same.
enum WireEntries<'a> {
    /// A text, a number, or nothing.
    Nothing,
    One(Box<WireNode<'a>>),
    Several(Vec<WireNode<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for WireEntries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for EntriesVisitor<'a> {
            type Value = WireEntries<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an entry of a manifest")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let node = WireNode::deserialize(MapAccessDeserializer::new(map))?;
                Ok(WireEntries::One(Box::new(node)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut nodes = Vec::new();
                while let Some(Block(node)) = sequence.next_element()? {
                    nodes.push(node);
                }
                Ok(WireEntries::Several(nodes))
            }

            scalars_give!(with_text, WireEntries::Nothing);
        }

        deserializer.deserialize_any(EntriesVisitor(PhantomData))
    }
}

/// Adds what stands under a key of a section.
struct EntryTaker<'b, 'k> {
    builder: &'b mut Builder,
    section: Section,
    key: &'k str,
}

impl Taker for EntryTaker<'_, '_> {
    type Value<'a> = WireEntries<'a>;

    fn take(&mut self, entries: WireEntries<'_>) {
        match entries {
            WireEntries::One(wire) => self.builder.add(self.key, &wire, self.section),
            WireEntries::Several(nodes) if self.section == Section::Disabled => {
                for wire in &nodes {
                    self.builder.add(self.key, wire, self.section);
                }
            }
            WireEntries::Several(_) | WireEntries::Nothing => {}
        }
    }
}
