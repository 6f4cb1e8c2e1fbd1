//! Which nodes a command will run, known before it has.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::Deserialize;
use tailwater_core::id::NodeId;
use tailwater_core::project::{Project, ResourceType};

use super::output::{Lines, Stream};
use super::process::{Heard, Stop};
use super::setting::DbtCommand;
use crate::error::Error;

/// The longest line of a listing that is read.
const LONGEST_LINE: usize = 64 * 1024;

/// How it can be known which nodes a command will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Every node of these kinds.
    AllOf(&'static [ResourceType]),
    /// Of these kinds, those that `dbt ls` names.
    Listed(&'static [ResourceType]),
    /// Only dbt knows, and does not tell before the end.
    Unknown,
}

impl DbtCommand {
    /// How it can be known which nodes it will run.
    pub fn runs(&self) -> Runs {
        match self.words().subcommand.as_ref().map(super::Subcommand::kinds) {
            None | Some(Some([])) => Runs::AllOf(&[]),
            Some(None) => Runs::Unknown,
            Some(Some(kinds)) if self.is_narrowed() => Runs::Listed(kinds),
            Some(Some(kinds)) => Runs::AllOf(kinds),
        }
    }

    /// The command that lists what this one will run. Its files go to `scratch`, so that it does not get in the
    /// way; what dbt remembers of parsing is copied there, so that it need not parse again.
    pub fn to_listing(&self, scratch: &Utf8Path) -> Self {
        let target = scratch.join("target");
        let memory = "partial_parse.msgpack";
        let from = self.target_directory().path.join(memory);
        // Without it the listing takes longer, and that is all.
        if let Err(error) = std::fs::create_dir_all(&target)
            .and_then(|()| std::fs::copy(&from, target.join(memory)).map(drop))
        {
            tracing::debug!(path = %from, %error, "nothing is remembered of parsing");
        }
        let mut listing = self.clone();
        listing.arguments = self.words().listing(&target);
        listing.target_path = None;
        listing.log_path = Some(scratch.join("logs"));
        let plain = ["DBT_LOG_FORMAT", "DBT_ENGINE_LOG_FORMAT"];
        for name in [
            "DBT_LOG_PATH",
            "DBT_ENGINE_LOG_PATH",
            "DBT_TARGET_PATH",
            "DBT_ENGINE_TARGET_PATH",
        ]
        .into_iter()
        .chain(plain)
        {
            listing.environment.remove(name);
            listing.withheld.push(name.to_owned());
        }
        listing
    }
}

/// The nodes that `dbt ls` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Their `unique_id`s, of every kind.
    pub nodes: BTreeSet<NodeId>,
}

impl Listing {
    /// Runs a command made by [`DbtCommand::to_listing`]. `None` when dbt could not list.
    pub async fn fetch(command: &DbtCommand, stop: &Stop) -> Result<Option<Self>, Error> {
        let mut running = command.start(stop)?;
        let mut listing = Self::default();
        let mut lines = Lines::new(LONGEST_LINE);
        while let Some(heard) = running.hear().await {
            match heard {
                Heard::Output {
                    stream: Stream::Stdout,
                    bytes,
                } => lines.push(&bytes, |line| listing.read(line)),
                Heard::Exited(exit) => {
                    lines.finish(|line| listing.read(line));
                    return Ok(exit.is_done().then_some(listing));
                }
                Heard::Output { .. } | Heard::Event(_) => {}
            }
        }
        Ok(None)
    }

    /// A line names a node, or is something else that dbt had to say.
    fn read(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        struct Listed {
            unique_id: NodeId,
        }
        if let Ok(Listed { unique_id }) = serde_json::from_slice(line) {
            self.nodes.insert(unique_id);
        }
    }
}

impl Runs {
    /// The nodes of the project that will run, as far as this can be told from the listing, where one is
    /// needed. `None` when it is not known.
    pub fn nodes(self, project: &Project, listing: Option<&Listing>) -> Option<BTreeSet<NodeId>> {
        let (kinds, named) = match self {
            Self::AllOf(kinds) => (kinds, None),
            Self::Listed(kinds) => (kinds, Some(&listing?.nodes)),
            Self::Unknown => return None,
        };
        let is_run = |node: &&tailwater_core::project::Node| {
            kinds.contains(&node.resource_type)
                // An ephemeral model is part of those that read it.
                && !node.is_ephemeral()
                && (node.resource_type != ResourceType::Source || node.freshness.is_some())
                && named.is_none_or(|named| named.contains(&node.unique_id))
        };
        let nodes = project.nodes().iter().filter(is_run);
        Some(nodes.map(|node| node.unique_id.clone()).collect())
    }
}
