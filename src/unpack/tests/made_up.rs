//! Checks that kinds of token that exist only in the table are found in every container.

use crate::stop::Stop;
use std::io::Cursor;

use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod};

use super::{deflated, gzip, stored, tar_of, text, way, with};
use crate::detect::tests::{token, web_token};
use crate::hub::tokens::{Body, made_up};
use crate::stream::samples::{FORMATS, part};
use crate::unpack::Unpacker;

fn sevenz(method: EncoderMethod, data: &[u8]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(vec![EncoderConfiguration::new(method)]);
    writer.push_archive_entry(ArchiveEntry::new_file("a"), Some(data)).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_container_is_opened() {
    for kind in made_up::kinds() {
        let token = match kind.body {
            Body::Letters => token(kind.prefix),
            Body::WebToken => web_token(kind.prefix),
        };
        // Pieces of the token come first, so that no format stores the token unchanged.
        let pieces: Vec<&[u8]> = token.as_bytes().chunks(9).collect();
        let text = [pieces.join(&b"\n"[..]), text(&token)].concat();
        let mut forms: Vec<(String, Vec<u8>)> =
            FORMATS.iter().map(|&format| (format!("{format:?}"), part(format, &text))).collect();
        for method in [EncoderMethod::LZMA2, EncoderMethod::LZMA, EncoderMethod::PPMD, EncoderMethod::BZIP2] {
            forms.push((format!("7z with {method:?}"), sevenz(method, &text)));
        }
        forms.extend([
            ("zip".to_owned(), deflated("a", &text)),
            ("zip, stored".to_owned(), stored("a", &text)),
            ("tar".to_owned(), tar_of("a", &text)),
            ("tar in gzip".to_owned(), gzip(&tar_of("a", &text))),
            ("zip in 7z".to_owned(), sevenz(EncoderMethod::LZMA2, &deflated("a", &text))),
            ("behind a script".to_owned(), [b"#!/bin/sh\nexit\n", &gzip(&text)[..]].concat()),
        ]);
        for (name, content) in forms {
            let found = with(Unpacker::new(&Stop::default()), &content);
            let ways: Vec<_> = found.occurrences.iter().map(way).collect();
            assert_eq!(ways.len(), 1, "{} {name}: {ways:?}", kind.id);
            assert_eq!(found.occurrences[0].token.kind, kind.into(), "{name}");
            assert_eq!(found.problems, [], "{name}");
        }
    }
}
