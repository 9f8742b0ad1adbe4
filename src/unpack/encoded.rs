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
    use crate::unpack::{Origin, Unpacker};

    #[test]
    fn encoded_data_is_decompressed() {
        let text = format!("release: 1\nHF_TOKEN={}\n", token("hf_")).repeat(3);
        for format in
            FORMATS.into_iter().filter(|format| matches!(format, Compression::Gzip | Compression::Zstd))
        {
            let packed = part(format, text.as_bytes());
            let hex = packed.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
            let once = STANDARD.encode(&packed);
            for (encoded, via) in [
                (format!("  data: {once}\n"), vec!["base64", format.name()]),
                (format!("  data: {}\n", STANDARD.encode(&once)), vec!["base64", "base64", format.name()]),
                (format!("x = \"{hex}\"\n"), vec!["hex", format.name()]),
            ] {
                let mut unpacker = Unpacker::new(&Stop::default());
                let (found, outcome) = unpacker.search(Origin::default(), &mut encoded.as_bytes());
                outcome.unwrap();
                assert!(found.occurrences.iter().any(|occurrence| labels(&occurrence.via) == via), "{via:?}");
            }
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
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        for (text, errors) in [
            (STANDARD.encode(&gzip), 1),
            (hex(&gzip), 1),
            (STANDARD.encode(alike(&[0x1f, 0x8b, 8, 0xff])), 0),
            (STANDARD.encode(alike(&[0x78, 0x9c, 0xff])), 0),
            // A block of a kind that there is none of.
            (hex(&alike(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 7, 0, 0])), 0),
        ] {
            let mut unpacker = Unpacker::new(&Stop::default());
            let (found, outcome) = unpacker.search(Origin::default(), &mut text.as_bytes());
            outcome.unwrap();
            assert_eq!(found.problems.len(), errors, "{:?}", text.get(..40));
        }
    }
}
