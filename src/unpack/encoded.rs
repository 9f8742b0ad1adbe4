//! Compressed data that is encoded as text: base64 of gzip, as Helm, cloud-init and Terraform keep it.

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
        level.found.error(
            Code::Limit,
            Message::own("compressed data of more than 2 MiB is encoded as text, and was not decompressed"),
        );
    }
}

#[cfg(test)]
mod tests {
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
}
