//! A PNG made by hand: eight by eight pixels of one colour.

use uuid::Uuid;

const SIDE: u8 = 8;

/// The picture of an object: its colour comes from its identifier.
pub(crate) fn png_of(luid: Uuid) -> Vec<u8> {
    let [.., red, green, blue] = *luid.as_bytes();
    // Each line begins with its filter; 0 is none.
    let mut line = vec![0];
    line.extend([red, green, blue].repeat(usize::from(SIDE)));
    let pixels = line.repeat(usize::from(SIDE));
    let mut png = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    // Width, height, 8 bits a channel, RGB, and the only methods of compression, filter and interlace.
    chunk(&mut png, *b"IHDR", &[0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0]);
    chunk(&mut png, *b"IDAT", &stored_zlib(&pixels));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let start = png.len();
    png.extend(name);
    png.extend(data);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

/// A zlib stream with one stored block: no compression needed for two hundred bytes.
fn stored_zlib(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(0);
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    let (mut low, mut high) = (1u32, 0u32);
    for &byte in data {
        low = (low + u32::from(byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn crc32(data: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in data {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xedb8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
    }

    #[test]
    fn different_objects_look_different() {
        assert_ne!(png_of(Uuid::from_u128(1)), png_of(Uuid::from_u128(2)));
        assert!(png_of(Uuid::nil()).starts_with(b"\x89PNG\r\n\x1a\n"));
    }
}
