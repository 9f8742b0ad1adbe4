use super::*;
use crate::detect::{Confidence, Container, Encoding, Position, Redacted, StepKind, TokenSummary};
use crate::fault::Code;
use crate::finding::Place as ProblemPlace;
use crate::image::PathHashes;
use crate::mask::{Message, message};
use crate::timestamp::Timestamp;
use crate::verdict::Problems;

fn token() -> String {
    use sha2::Digest as _;
    let bytes: Vec<u8> = [b"one", b"two"].iter().flat_map(sha2::Sha256::digest).collect();
    let letters = bytes.iter().take(34).map(|b| char::from(b % 26 + if b & 128 == 0 { b'a' } else { b'A' }));
    format!("hf{}{}", '_', letters.collect::<String>())
}

fn occurrences() -> Vec<Occurrence> {
    let text = format!("HF_TOKEN={}\n", token());
    let mut found = detect::find(text.as_bytes());
    assert_eq!(found.len(), 1);
    let mut within = found[0].clone();
    within.via = vec![
        Step::new(StepKind::member(Container::Zip, b"a/b.txt"), 3..900),
        Step::new(StepKind::Encoding(Encoding::Concatenation), 7..50),
    ];
    within.position = None;
    within.token.expires_at = Timestamp::from_unix(1_790_000_000);
    found.push(within);
    let unknown = Occurrence {
        token: TokenSummary::unknown(),
        offset: 7,
        len: 0,
        at: 7..7,
        position: Some(Position { line: 3, column: u64::MAX }),
        via: Vec::new(),
        confidence: Confidence::Medium,
        text: None,
    };
    found.push(unknown);
    found
}

fn note() -> Problem {
    Problem {
        path: Some("srv/x.zip".into()),
        via: vec![Step::new(StepKind::Container(Container::Zip), 0..0)],
        ..Problem::note(Code::Encrypted, ProblemPlace::Here, Message::foreign("an encrypted member"))
    }
}

fn layer() -> LayerContent {
    let mut paths = LayerPaths::default();
    for (path, is_directory) in
        [("srv", true), ("srv/key", false), ("a/.wh.b", false), ("c/.wh..wh..opq", false)]
    {
        paths.add(path.as_bytes(), is_directory);
    }
    let forms =
        [CredentialForm::Word, CredentialForm::StoredTokens, CredentialForm::Url, CredentialForm::Value];
    let credentials = forms.map(|form| Credential {
        form,
        offset: 9,
        position: Some(Position { line: 1, column: 2 }),
        text: None,
    });
    LayerContent {
        files: vec![
            File {
                path: b"srv/key".to_vec().into(),
                occurrences: occurrences(),
                credentials: credentials.to_vec(),
                number: 5,
                superseded_by: Some(9),
            },
            File {
                path: b"not utf-8 \xff".to_vec().into(),
                occurrences: Vec::new(),
                credentials: vec![Credential {
                    form: CredentialForm::Netrc,
                    offset: 0,
                    position: None,
                    text: None,
                }],
                number: 6,
                superseded_by: None,
            },
        ],
        hard_links: vec![HardLink {
            name: b"link"[..].into(),
            target: PathHashes::own(b"srv/key"),
            number: 7,
            superseded_by: None,
        }],
        symlinks: vec![(b"root".to_vec(), b"/data/\xfe".to_vec())],
        paths,
        problems: Problems::of_notes(vec![note()], 4),
        odd_names: Some((b"/srv/key".to_vec(), 3)),
        overflow: false,
    }
}

fn verdict(content: Content) -> BlobVerdict {
    BlobVerdict {
        size: 12_345,
        diff_id: Some(Digest::from_bytes([7; 32])),
        is_compressed: true,
        stored: occurrences(),
        content,
        ..BlobVerdict::default()
    }
}

fn of_layer(change: impl FnOnce(&mut LayerContent)) -> BlobVerdict {
    let mut layer = layer();
    change(&mut layer);
    verdict(Content::Layer(Box::new(layer)))
}

const CHARGE: usize = 100_000;

/// Returns a verdict as text, with sets in sorted order.
fn shown(verdict: &BlobVerdict) -> String {
    let BlobVerdict { size, diff_id, is_compressed, stored, content, credentials, problem, .. } = verdict;
    let rest = format!("{size} {diff_id:?} {is_compressed} {stored:?} {credentials:?} {problem:?}");
    match content {
        Content::Bytes(bytes) => format!("{rest} {bytes:?}"),
        Content::Document(found) => format!("{rest} {found:?}"),
        Content::Layer(layer) => {
            let LayerContent { files, hard_links, symlinks, paths, problems, odd_names, overflow } = &**layer;
            let paths = paths.to_numbers();
            format!(
                "{rest} {files:?} {hard_links:?} {symlinks:?} {paths:?} {problems:?} {odd_names:?} {overflow}"
            )
        }
    }
}

#[test]
fn a_verdict_reads_back_as_it_was() {
    let problems = Problems::of_notes(vec![note()], 0);
    let bytes = Content::Bytes(Bytes { occurrences: occurrences(), problems });
    assert_eq!(encode(&verdict(Content::Document(Vec::new())), CHARGE), None, "documents are read each time");
    for verdict in [of_layer(|_| ()), verdict(bytes), of_layer(|layer| *layer = LayerContent::default())] {
        let bytes = encode(&verdict, CHARGE).unwrap();
        let (read, charge) = decode(&bytes).unwrap();
        assert_eq!(shown(&read), shown(&verdict));
        assert_eq!(charge, CHARGE);
        assert_eq!(encode(&read, CHARGE).unwrap(), bytes);
    }
}

#[test]
fn what_is_not_whole_is_not_remembered() {
    assert!(encode(&of_layer(|_| ()), CHARGE).is_some());
    assert!(encode(&of_layer(|layer| layer.overflow = true), CHARGE).is_none());
    let unread = |layer: &mut LayerContent| {
        let detail = Message::own("a limit was hit");
        layer.problems.add(b"srv/x", vec![Problem::error(Code::Limit, ProblemPlace::Here, detail)]);
    };
    assert!(encode(&of_layer(unread), CHARGE).is_none());
    let broken = BlobVerdict {
        problem: Some(Problem::error(Code::Truncated, ProblemPlace::Here, Message::own("it ends early"))),
        ..of_layer(|_| ())
    };
    assert!(encode(&broken, CHARGE).is_none());
    let credentials = vec![Credential { form: CredentialForm::Word, offset: 0, position: None, text: None }];
    assert!(encode(&BlobVerdict { credentials, ..of_layer(|_| ()) }, CHARGE).is_none(), "its name counts");
    let plain = BlobVerdict { is_compressed: false, ..verdict(Content::default()) };
    assert!(encode(&plain, CHARGE).is_none(), "neither a layer nor compressed");
}

#[test]
fn no_token_is_remembered() {
    let name = |n: &str| format!("{n}{}", token()).into_bytes();
    let changes: [&dyn Fn(&mut LayerContent); 9] = [
        &|layer| layer.files[1].path = name("srv/").into(),
        &|layer| layer.hard_links[0].name = name("a/").into(),
        &|layer| layer.symlinks[0].0 = name("glued"),
        &|layer| layer.symlinks[0].1 = name("/x?token="),
        &|layer| layer.symlinks[0].1 = b"https://user:Opaque-Value@huggingface.co/x".to_vec(),
        &|layer| layer.symlinks[0].1 = b"HF_TOKEN=Opaque-Value".to_vec(),
        &|layer| layer.odd_names = Some((name("../"), 1)),
        // Text that the mask has not processed.
        &|layer| {
            let step = StepKind::member(Container::Tar, &name("x/"));
            layer.files[0].occurrences[0].via = vec![Step::new(step, 0..1)];
        },
        &|layer| {
            let detail = message!("it is {}", token());
            let note = Problem::note(Code::Odd, ProblemPlace::Here, detail);
            layer.problems = Problems::of_notes(vec![note], 0);
        },
    ];
    for (nth, change) in changes.iter().enumerate() {
        assert!(encode(&of_layer(change), CHARGE).is_none(), "change {nth}");
    }
    let bytes = encode(&of_layer(|_| ()), CHARGE).unwrap();
    let secret = &token().into_bytes()[3..15];
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));
}

#[test]
fn what_no_audit_can_have_found_is_refused() {
    let bytes = encode(&of_layer(|_| ()), CHARGE).unwrap();
    assert!(decode(&[&bytes[..], &[0]].concat()).is_none(), "something stands behind it");
    for cut in 0..bytes.len() {
        assert!(decode(&bytes[..cut]).is_none(), "{cut}");
    }
    assert!(decode(&encode(&of_layer(|_| ()), 1000).unwrap()).is_none(), "it took more than that");
    let unknown = |layer: &mut LayerContent| layer.files[0].occurrences[0].token.sha256 = None;
    assert!(decode(&encode(&of_layer(unknown), CHARGE).unwrap()).is_none(), "a known token without a hash");
    let guessable = |layer: &mut LayerContent| {
        let known = layer.files[0].occurrences[0].token.sha256;
        layer.files[0].occurrences[2].token.sha256 = known;
    };
    assert!(decode(&encode(&of_layer(guessable), CHARGE).unwrap()).is_none(), "an unknown one with a hash");
    let shows = |layer: &mut LayerContent| {
        layer.files[0].occurrences[0].token.redacted = Redacted("hf_…12345".into());
    };
    assert!(decode(&encode(&of_layer(shows), CHARGE).unwrap()).is_none(), "more than four characters");
    let other = |layer: &mut LayerContent| {
        layer.files[0].occurrences[0].token.redacted = Redacted("api_org_…1234".into());
    };
    assert!(decode(&encode(&of_layer(other), CHARGE).unwrap()).is_none(), "the prefix of another kind");
}

#[test]
fn changed_bytes_are_refused_or_read() {
    let bytes = encode(&of_layer(|_| ()), CHARGE).unwrap();
    let mut refused = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            refused += usize::from(decode(&bytes).is_none());
        }
    }
    assert!(refused > bytes.len());
    for byte in [0, 1, 127, 128, 255] {
        assert!(decode(&[byte; 100]).is_none());
    }
}
