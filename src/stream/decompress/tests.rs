use super::*;
use crate::stream::Window;
use crate::stream::samples::part;

fn gzip(data: &[u8]) -> Vec<u8> {
    part(Compression::Gzip, data)
}

fn decode(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Decompressed::new(Window::new(bytes))?.read_to_end(&mut out)?;
    Ok(out)
}

#[test]
fn all_members_are_read() {
    let stream = [gzip(b"first "), gzip(b""), gzip(b"second"), vec![0; 600]].concat();
    assert_eq!(decode(&stream).unwrap(), b"first second");
}

#[test]
fn what_stands_behind_the_last_part_is_an_error() {
    let zstd = zstd::encode_all(&b"data"[..], 3).unwrap();
    for (stream, message) in [
        ([&gzip(b"data")[..], b"no member"].concat(), "9 bytes after the last gzip member are not a member"),
        (
            [&gzip(b"data")[..], &[0; 9], &[0x1f]].concat(),
            "1 byte after the last gzip member is not a member",
        ),
        ([&zstd[..], b"no frame"].concat(), "8 bytes after the last zstd frame are not a frame"),
        ([&zstd[..], &[0; 9], &zstd[..3]].concat(), "3 bytes after the last zstd frame are not a frame"),
    ] {
        let mut out = Vec::new();
        let mut reader = Decompressed::new(Window::new(&stream[..])).unwrap();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(out, b"data");
    }
}

#[test]
fn skippable_frames_alone_are_an_error() {
    let skippable = &b"\x50\x2a\x4d\x18\x04\0\0\0skip"[..];
    for behind in [&b""[..], &[0; 512], b"a plain tar", &gzip(b"data")] {
        let error = decode(&[skippable, behind].concat()).unwrap_err();
        assert!(error.to_string().contains("zstd"), "{error}");
    }
}

#[test]
fn what_breaks_off_or_is_corrupt_is_an_error() {
    let data: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
    let stream = gzip(&data);
    assert_eq!(decode(&stream).unwrap(), data);
    assert!(decode(&stream[..stream.len() / 2]).is_err());
    let mut corrupt = stream.clone();
    let last = corrupt.len() - 6;
    corrupt[last] ^= 1;
    assert!(decode(&corrupt).is_err(), "the checksum is checked");
    assert!(decode(&[&stream[..], &[0x1f, 0x8b]].concat()).is_err(), "a second member that ends early");
}

#[test]
fn plain_and_unknown_bytes_pass_through() {
    assert_eq!(decode(b"").unwrap(), b"");
    assert_eq!(decode(b"plain").unwrap(), b"plain");
}
