//! Compressed data that is encoded as text: base64 of gzip, as Helm, cloud-init and Terraform keep it.

use super::format::Format;
use super::level::Level;
use crate::detect::Packed;
use crate::fault::Code;
use crate::mask::Message;

/// Opens the data that the search of a content has decoded.
pub(super) fn open(level: &mut Level<'_, '_>, all: Vec<Packed>) {
    for Packed { via, bytes, is_whole } in all {
        if is_whole {
            level.enter_encoded(&via, &mut &bytes[..]);
            continue;
        }
        // Long texts may look like it by chance.
        let may_be_packed =
            bytes.is_empty() || Format::at_start(&bytes, &mut level.unpacker.probes).is_some();
        if !may_be_packed {
            continue;
        }
        level.found.error(
            Code::Limit,
            Message::own("compressed data of more than 2 MiB is encoded as text, and was not decompressed"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::detect::tests::{labels, token};
    use crate::stop::Stop;
    use crate::stream::Compression;
    use crate::stream::samples::{FORMATS, part};
    use crate::unpack::tests::deflated;
    use crate::unpack::{Found, Origin, Unpacker};

    fn sevenz(text: &[u8]) -> Vec<u8> {
        let mut archive = sevenz_rust2::ArchiveWriter::new(std::io::Cursor::new(Vec::new())).unwrap();
        let entry = sevenz_rust2::ArchiveEntry::new_file("a");
        archive.push_archive_entry(entry, Some(text)).unwrap();
        archive.finish().unwrap().into_inner()
    }

    fn search(text: &str) -> Found {
        let mut unpacker = Unpacker::new(&Stop::default());
        let (found, outcome) = unpacker.search(Origin::default(), &mut text.as_bytes());
        outcome.unwrap();
        found
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn encoded_data_is_decompressed() {
        let text = format!("release: 1\nHF_TOKEN={}\n", token("hf_")).repeat(3);
        let text = text.as_bytes();
        let streams = FORMATS.into_iter().chain([Compression::Zlib, Compression::Snappy]);
        let archives = [(deflated("a", text), "zip:a"), (sevenz(text), "7z:a")];
        for (packed, step) in streams.map(|format| (part(format, text), format.name())).chain(archives) {
            let once = STANDARD.encode(&packed);
            for (encoded, via) in [
                (format!("  data: {once}\n"), vec!["base64", step]),
                (format!("  data: {}\n", STANDARD.encode(&once)), vec!["base64", "base64", step]),
                (format!("x = \"{}\"\n", hex(&packed)), vec!["hex", step]),
                (format!("x = \"{}\"\n", hex(&packed).to_uppercase()), vec!["hex", step]),
            ] {
                let found = search(&encoded);
                assert!(found.occurrences.iter().any(|occurrence| labels(&occurrence.via) == via), "{via:?}");
            }
        }
    }

    /// Returns a dump of lines of 16 bytes as this program writes it.
    fn dump(program: &str, bytes: &[u8]) -> String {
        let shown = |b: u8| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' };
        let line = |(n, part): (usize, &[u8])| {
            let (at, text) = (16 * n, part.iter().map(|&b| shown(b)).collect::<String>());
            let each = |width: usize| part.chunks(width).map(hex).collect::<Vec<_>>().join(" ");
            match program {
                "xxd" => format!("{at:08x}: {:<39}  {text}\n", each(2)),
                "hexdump -C" => format!("{at:08x}  {:<48}  |{text}|\n", each(1)),
                _ => {
                    let field = |&b: &u8| match b {
                        0 => "  \\0".to_owned(),
                        b'\n' => "  \\n".to_owned(),
                        b if b.is_ascii_graphic() || b == b' ' => format!("   {}", char::from(b)),
                        _ => format!(" {b:03o}"),
                    };
                    format!("{at:07o}{}\n", part.iter().map(field).collect::<Vec<_>>().concat())
                }
            }
        };
        bytes.chunks(16).enumerate().map(line).collect()
    }

    #[test]
    fn dumps_of_compressed_data_are_decompressed() {
        let text = format!("release: 1\nHF_TOKEN={}\n", token("hf_")).repeat(3);
        for format in [Compression::Gzip, Compression::Zlib, Compression::Bzip2, Compression::Zstd] {
            let packed = part(format, text.as_bytes());
            for program in ["xxd", "hexdump -C", "od -c"] {
                let dump = dump(program, &packed);
                for text in [dump.clone(), format!("$ {program} data\n{dump}$ \n")] {
                    let found = search(&text);
                    let way = ["dump", format.name()];
                    assert!(found.occurrences.iter().any(|found| labels(&found.via) == way), "{program}");
                }
            }
        }
    }

    #[test]
    fn a_token_that_is_stored_as_it_is_is_listed_once() {
        let text = format!("user: HF_TOKEN={}\n", token("hf_"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let text = STANDARD.encode(&gzip);
        for (text, via) in [
            (format!("  data: {text}\n"), vec!["base64"]),
            (format!("  data: {}\n", STANDARD.encode(&text)), vec!["base64", "base64"]),
            (format!("x = \"{}\"\n", hex(&gzip)), vec!["hex"]),
        ] {
            let vias = |text: &str| -> Vec<_> {
                search(text).occurrences.iter().map(|occurrence| labels(&occurrence.via)).collect()
            };
            assert_eq!(vias(&text), std::slice::from_ref(&via));
            assert_eq!(vias(&text.repeat(2)), [via.clone(), via]);
        }
    }

    #[test]
    fn only_compressed_data_is_missed_when_it_is_too_long() {
        let noise: Vec<u8> = {
            let next = |x: &u64| Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            std::iter::successors(Some(1), next).map(|x: u64| x.to_be_bytes()[0]).take(3 << 20).collect()
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&noise).unwrap();
        let gzip = gzip.finish().unwrap();
        let alike = |head: &[u8]| [head, &noise].concat();
        for (text, errors) in [
            (STANDARD.encode(&gzip), 1),
            (hex(&gzip), 1),
            (STANDARD.encode(alike(&[0x1f, 0x8b, 8, 0xff])), 0),
            (STANDARD.encode(alike(&[0x78, 0x9c, 0xff])), 0),
            // A block of a kind that there is none of.
            (hex(&alike(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 7, 0, 0])), 0),
        ] {
            assert_eq!(search(&text).problems.len(), errors, "{:?}", text.get(..40));
        }
    }
}
