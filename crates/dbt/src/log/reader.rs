//! Lines folded into what happened: each node starts once and ends once.

use std::collections::{HashMap, HashSet};

use tailwater_core::id::NodeId;

use super::event::{DbtEvent, NodeEnd, NodeStart};
use super::line::{Line, Said};

/// Where a line came from. dbt can write the same events to both, so each is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// dbt's log file.
    File,
    /// What dbt prints.
    Output,
}

/// Reads the lines of one dbt command, in the order in which they came.
#[derive(Debug, Default)]
pub struct LogReader {
    invocation: Option<String>,
    /// How often a node was begun and not yet finished, by where that was said.
    open: HashMap<(Channel, NodeId), u32>,
    /// Nodes whose `NodeStart` was said, so that `NodeFinished` will be too.
    counted: HashSet<NodeId>,
    started: HashSet<NodeId>,
    ended: HashSet<NodeId>,
}

impl LogReader {
    /// A reader that has read nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// dbt's id of the invocation that is being read.
    pub fn invocation_id(&self) -> Option<&str> {
        self.invocation.as_deref()
    }

    /// Reads one line, with or without its line end. Never fails; a line may say nothing or several things.
    pub fn read(&mut self, channel: Channel, line: &[u8]) -> Vec<DbtEvent> {
        let text = String::from_utf8_lossy(line);
        let Some(line) = Line::read(&text) else {
            let text = super::plain(&text);
            let text = text.trim_end();
            // Of what dbt prints, everybody who wants to sees every byte anyway.
            return match channel {
                Channel::File if !text.trim().is_empty() => vec![DbtEvent::Text {
                    text: text.to_owned(),
                }],
                _ => Vec::new(),
            };
        };
        let mut events = Vec::new();
        self.note_invocation(&line, &mut events);
        self.fold(channel, line.said, &mut events);
        events
    }

    /// A command may be a script that calls dbt twice: then everything begins anew.
    fn note_invocation(&mut self, line: &Line, events: &mut Vec<DbtEvent>) {
        let Some(id) = line.invocation_id.as_ref() else {
            return;
        };
        if self.invocation.as_ref() == Some(id) {
            return;
        }
        *self = Self {
            invocation: Some(id.clone()),
            ..Self::default()
        };
        events.push(DbtEvent::InvocationStarted {
            invocation_id: id.clone(),
            dbt_version: line.dbt_version.clone(),
            at: line.at,
        });
    }

    fn fold(&mut self, channel: Channel, said: Said, events: &mut Vec<DbtEvent>) {
        match said {
            Said::Opened(node) => {
                *self.open.entry((channel, node.unique_id.clone())).or_default() += 1;
                self.counted.insert(node.unique_id.clone());
                self.start(node, events);
            }
            Said::Started(node) => self.start(node, events),
            Said::Closed(end) => {
                let key = (channel, end.result.unique_id.clone());
                let still_open = self.open.get(&key).copied().unwrap_or(0).saturating_sub(1);
                if still_open > 0 {
                    self.open.insert(key, still_open);
                } else {
                    self.open.remove(&key);
                    self.end(end, events);
                }
            }
            // Where `NodeFinished` will follow, it says more.
            Said::Concluded(end) if self.counted.contains(&end.result.unique_id) => {}
            Said::Concluded(end) => self.end(end, events),
            Said::Batch(unique_id, status) => events.push(DbtEvent::BatchFinished { unique_id, status }),
            Said::Plan { nodes, threads } => events.push(DbtEvent::Plan { nodes, threads }),
            Said::Artifact(path) => events.push(DbtEvent::ArtifactWritten { path: path.into() }),
            Said::EndOfRun(end) => events.push(DbtEvent::EndOfRun(end)),
            Said::Stats(stats) => events.push(DbtEvent::Stats(stats)),
            Said::Completed { success } => events.push(DbtEvent::CommandCompleted { success }),
            Said::Message {
                level,
                name,
                text,
                unique_id,
            } => events.push(DbtEvent::Message {
                level,
                name,
                text,
                unique_id,
            }),
            Said::Nothing => {}
        }
    }

    fn start(&mut self, node: NodeStart, events: &mut Vec<DbtEvent>) {
        if self.started.insert(node.unique_id.clone()) {
            events.push(DbtEvent::NodeStarted(node));
        }
    }

    fn end(&mut self, end: Box<NodeEnd>, events: &mut Vec<DbtEvent>) {
        if self.ended.insert(end.result.unique_id.clone()) {
            events.push(DbtEvent::NodeFinished(end));
        }
    }
}
