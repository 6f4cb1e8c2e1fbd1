//! A project as bytes, so that a manifest that was read once need not be parsed again.
//!
//! Reading it takes a fraction of what the manifest takes, since all that is not needed, the code above all, is not in
//! it, and nothing is searched for in a text. It is no format for anybody else: what one build of the program writes,
//! only the same build reads. Who keeps it says in its *key* what it was made of, and compares that before using it.
//!
//! ```text
//! Project ─ shape ─▶ values ─ code ─▶ bytes ─ frame ─▶ blocks with checksums ─▶ file
//! ```

mod code;
mod frame;
mod shape;

use std::io::{self, Read, Write};

use tailwater_core::id::ProjectName;
use tailwater_core::project::{Node, Project};

use self::code::{Code, Input, Output};
use self::frame::{FrameReader, FrameWriter};

/// A block is closed when it is longer than this: short enough to stay near the processor while it is read.
const BLOCK: usize = 256 << 10;

/// A list is given room for so many members before any is read.
const ROOM: usize = 1 << 16;

/// Writes the project behind the key, which may not be empty. Its name is not written.
///
/// # Errors
/// When `sink` refuses to be written to.
pub fn write_index(project: &Project, key: &[u8], sink: impl Write) -> io::Result<()> {
    let mut frames = FrameWriter::new(sink)?;
    frames.write(key)?;
    // As they were before those that were generated were set apart.
    let mut nodes: Vec<&Node> = project.nodes().iter().chain(project.generated()).collect();
    nodes.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
    let mut output = Output::default();
    project.metadata.write(&mut output);
    write_list(&nodes, &mut output, &mut frames)?;
    write_list(
        &project.disabled().iter().collect::<Vec<_>>(),
        &mut output,
        &mut frames,
    )?;
    write_list(
        &project.groups().iter().collect::<Vec<_>>(),
        &mut output,
        &mut frames,
    )?;
    write_list(
        &project.macros().iter().collect::<Vec<_>>(),
        &mut output,
        &mut frames,
    )?;
    if !output.bytes.is_empty() {
        frames.write(&output.bytes)?;
    }
    frames.finish()
}

/// The list's length and members, of which none is cut in two by the end of a block.
fn write_list<T: Code, W: Write>(
    list: &[&T],
    output: &mut Output,
    frames: &mut FrameWriter<W>,
) -> io::Result<()> {
    (list.len() as u64).write(output);
    for member in list {
        if output.bytes.len() >= BLOCK {
            frames.write(&output.bytes)?;
            output.bytes.clear();
        }
        member.write(output);
    }
    Ok(())
}

/// An index whose key was read, and nothing else yet.
#[derive(Debug)]
pub struct IndexReader<R> {
    frames: FrameReader<R>,
    key: Vec<u8>,
}

impl<R: Read> IndexReader<R> {
    /// Begins to read an index.
    ///
    /// # Errors
    /// When `source` cannot be read, or does not begin as an index of this release.
    pub fn new(source: R) -> io::Result<Self> {
        let mut frames = FrameReader::new(source)?;
        let mut key = Vec::new();
        frames.read(&mut key)?;
        Ok(Self { frames, key })
    }

    /// What was given as the key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Reads the rest, and gives the project a name.
    ///
    /// # Errors
    /// When `source` cannot be read, or is damaged, cut off, or longer than it should be. Whatever it holds, reading
    /// ends, and takes memory in proportion to it.
    pub fn read(mut self, name: ProjectName) -> io::Result<Project> {
        let mut input = Input::default();
        self.frames.read(&mut input.bytes)?;
        let metadata = Code::read(&mut input).ok_or_else(no_project)?;
        let nodes = self.list(&mut input)?;
        let disabled = self.list(&mut input)?;
        let groups = self.list(&mut input)?;
        let macros = self.list(&mut input)?;
        if !input.is_at_end() {
            return Err(no_project());
        }
        self.frames.end()?;
        Ok(Project::new(name, metadata, nodes, disabled)
            .with_groups(groups)
            .with_macros(macros))
    }

    fn list<T: Code>(&mut self, input: &mut Input) -> io::Result<Vec<T>> {
        let length = u64::read(input).ok_or_else(no_project)?;
        let length = usize::try_from(length).map_err(|_| no_project())?;
        let mut list = Vec::new();
        for _ in 0..length {
            if list.len() == list.capacity() {
                // No more than is claimed, nor than twice what proved to be there.
                list.reserve_exact((length - list.len()).min(list.len().max(ROOM)));
            }
            if input.is_at_end() {
                self.frames.read(&mut input.bytes)?;
                input.at = 0;
            }
            list.push(T::read(input).ok_or_else(no_project)?);
        }
        Ok(list)
    }
}

fn no_project() -> io::Error {
    damaged("a block holds no part of a project")
}

fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
