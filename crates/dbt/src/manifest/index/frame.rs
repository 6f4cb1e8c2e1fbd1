//! Blocks of bytes one after the other, each with its length and a checksum of everything up to its end.
//!
//! ```text
//! mark ┃ length │ bytes │ checksum ┃ length │ bytes │ checksum ┃ …
//! ```
//!
//! The checksum goes on from block to block, so that blocks that are damaged, lost, repeated, or of another file are
//! noticed before anything in them is read.

use std::io::{self, Read, Write};

use flate2::Crc;

use super::damaged;

/// The first bytes of an index. The number counts the forms that it had; [`super::shape`] says what is in it.
const MARK: &[u8; 8] = b"TWINDEX1";

/// Writes blocks.
pub(super) struct FrameWriter<W> {
    sink: W,
    sum: Crc,
}

impl<W: Write> FrameWriter<W> {
    pub fn new(mut sink: W) -> io::Result<Self> {
        sink.write_all(MARK)?;
        Ok(Self {
            sink,
            sum: Crc::new(),
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a block of more than four gigabytes"))?
            .to_le_bytes();
        self.sum.update(&length);
        self.sum.update(bytes);
        self.sink.write_all(&length)?;
        self.sink.write_all(bytes)?;
        self.sink.write_all(&self.sum.sum().to_le_bytes())
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Reads blocks.
#[derive(Debug)]
pub(super) struct FrameReader<R> {
    source: R,
    sum: Crc,
}

impl<R: Read> FrameReader<R> {
    pub fn new(mut source: R) -> io::Result<Self> {
        let mut mark = [0; MARK.len()];
        source.read_exact(&mut mark)?;
        if mark != *MARK {
            return Err(damaged("it does not begin as this release writes it"));
        }
        Ok(Self {
            source,
            sum: Crc::new(),
        })
    }

    /// Reads the next block into `bytes`, in place of what was there. Holds no more than the source gives, whatever
    /// length is claimed. A block is never empty.
    pub fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.clear();
        let length = self.number()?;
        self.sum.update(&length.to_le_bytes());
        self.source.by_ref().take(u64::from(length)).read_to_end(bytes)?;
        if u32::try_from(bytes.len()) != Ok(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.sum.update(bytes);
        if self.number()? != self.sum.sum() {
            return Err(damaged("a checksum is wrong"));
        }
        if bytes.is_empty() {
            return Err(damaged("a block is empty"));
        }
        Ok(())
    }

    /// Refuses anything that follows.
    pub fn end(mut self) -> io::Result<()> {
        match self.source.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(damaged("something follows the end")),
        }
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.source.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(blocks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = FrameWriter::new(&mut bytes).unwrap();
        for block in blocks {
            writer.write(block).unwrap();
        }
        writer.finish().unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut reader = FrameReader::new(bytes)?;
        let mut blocks = Vec::new();
        loop {
            if reader.source.is_empty() {
                return Ok(blocks);
            }
            let mut block = vec![7];
            reader.read(&mut block)?;
            blocks.push(block);
        }
    }

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let blocks = [b"one".as_slice(), b"2", &[0; 1_000]];
        assert_eq!(read(&written(&blocks)).unwrap(), blocks);
    }

    #[test]
    fn a_change_anywhere_is_noticed() {
        let bytes = written(&[b"one", b"two"]);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(read(&changed).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn blocks_in_another_order_or_of_another_file_are_noticed() {
        let (head, first, second) = (MARK.len(), 4 + 3 + 4, 4 + 3 + 4);
        let bytes = written(&[b"one", b"two"]);
        let [first, second] = [
            &bytes[head..head + first],
            &bytes[head + first..head + first + second],
        ];
        for blocks in [[second, first], [first, first], [second, second]] {
            assert!(read(&[MARK.as_slice(), &blocks.concat()].concat()).is_err());
        }
        let other = written(&[b"two", b"two"]);
        assert!(read(&[&bytes[..head + first.len()], &other[head + first.len()..]].concat()).is_err());
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let bytes = [MARK.as_slice(), &u32::MAX.to_le_bytes(), b"short"].concat();
        let mut block = Vec::new();
        let error = FrameReader::new(bytes.as_slice())
            .unwrap()
            .read(&mut block)
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(block.capacity() < 10_000, "{}", block.capacity());
    }
}
