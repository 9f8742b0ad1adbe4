//! Sample reports for the tests of all formats. Their tokens consist only of redacted forms and hashes.

use crate::finding::Timestamp;
use crate::finding::{
    Also, Code, DockerfileLine, Document, Finding, Fingerprint, ImageSummary, Issue, LayerSummary, Leaves,
    Location, Report, Severity, State, Target, TargetKind, Where,
};
use crate::finding::{Confidence, Position, Redacted, TokenHash, TokenKind, TokenSummary};
use crate::finding::{DiffId, Digest, LayerIndex};
use crate::finding::{Masked, PathName};

fn own(text: &str) -> Masked {
    crate::mask::mask(text.as_bytes())
}

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn path(bytes: &[u8]) -> PathName {
    crate::mask::mask_path(bytes)
}

fn token(last: &str, hash: u8) -> TokenSummary {
    TokenSummary {
        kind: TokenKind::from_id("user-access-token").unwrap(),
        redacted: Redacted(format!("hf_…{last}")),
        sha256: Some(TokenHash([hash; 32])),
        expires_at: None,
        expired: None,
    }
}

fn finding(rule: &'static str, severity: Severity, location: Location) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        confidence: Confidence::High,
        message: own("Token text is readable by whoever gets this"),
        help: own(
            "Revoke the token at https://huggingface.co/settings/tokens.\n\nThen change the build:\n    RUN \
             --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download org/model",
        ),
        fingerprint: Fingerprint::new(digest(0xf1)),
        token: Some(token("wxyz", 0xab)),
        target: own("app.tar"),
        location,
        also: Vec::new(),
        related: Vec::new(),
        leaves: Vec::new(),
        origin: None,
        suppressed: None,
    }
}

fn layer(name: &[u8], index: usize) -> Location {
    Location::Layer {
        image: Some(own("app:latest")),
        platform: Some(own("linux/amd64")),
        layer: LayerIndex(index),
        digest: Some(digest(0x11)),
        diff_id: Some(DiffId(digest(0x22))),
        path: path(name),
        position: Some(Position { line: 1, column: 1 }),
        offset: 0,
        via: Vec::new(),
        state: State::Present,
        hidden_by: None,
        created_by: None,
        dockerfile: None,
    }
}

fn config(document: Document, field: &str) -> Location {
    let named = document != Document::Index;
    Location::Config {
        image: named.then(|| own("app:latest")),
        platform: named.then(|| own("linux/amd64")),
        document,
        digest: Some(digest(0x33)),
        field: own(field),
        via: Vec::new(),
        dockerfile: None,
    }
}

fn line(line: u64, stage: &str) -> Location {
    Location::Dockerfile {
        path: path(b"Dockerfile"),
        line,
        column: 5,
        end_line: line,
        end_column: 60,
        stage: Some(own(stage)),
    }
}

fn target(name: &str, kind: TargetKind, images: Vec<ImageSummary>) -> Target {
    Target { target: own(name), kind: Some(kind), images }
}

fn image_target() -> Target {
    let layer = |index| LayerSummary {
        index: LayerIndex(index),
        digest: Some(digest(0x11)),
        diff_id: Some(DiffId(digest(0x22))),
        media_type: Some(own("application/vnd.oci.image.layer.v1.tar+gzip")),
        size: Some(123),
        created_by: Some(own("RUN true")),
        cached: false,
    };
    let image = ImageSummary {
        name: Some(own("app:latest")),
        platform: Some(own("linux/amd64")),
        manifest_digest: Some(digest(0x44)),
        config_digest: Some(digest(0x33)),
        held: true,
        layers: vec![layer(0), layer(1)],
    };
    let absent = ImageSummary {
        name: None,
        platform: Some(own("linux/arm64")),
        manifest_digest: Some(digest(0x55)),
        config_digest: None,
        held: false,
        layers: Vec::new(),
    };
    target("app.tar", TargetKind::Image, vec![image, absent])
}

fn issue(place: &str, message: &str) -> Issue {
    Issue { target: own("app.tar"), place: own(place), code: Code::Corrupt, message: own(message) }
}

/// Returns a report on an image with one token in three places and another one in one place.
pub(super) fn image() -> Report {
    let mut cached =
        finding("image/cached-token", Severity::Critical, layer(b"root/.cache/huggingface/token", 3));
    if let Location::Layer { state, hidden_by, created_by, dockerfile, .. } = &mut cached.location {
        *state = State::Deleted;
        *hidden_by = Some(LayerIndex(5));
        *created_by = Some(own(&format!(
            "RUN |1 HF_TOKEN=… /bin/sh -c hf auth login --token $HF_TOKEN # {}",
            "x ".repeat(50)
        )));
        *dockerfile = Some(DockerfileLine { path: path(b"Dockerfile"), line: 12 });
    }
    cached.also = vec![Also {
        image: Some(own("app:latest")),
        platform: Some(own("linux/arm64")),
        layer: Some(LayerIndex(3)),
        path: Some(path(b"root/.cache/huggingface/token")),
        state: Some(State::Overwritten),
        hidden_by: Some(LayerIndex(4)),
    }];
    let env = finding("image/token-in-env", Severity::Critical, config(Document::Config, "config.Env[2]"));
    let mut low = finding("image/token-in-file", Severity::Low, layer(b"srv/notes.txt", 0));
    low.token = Some(token("abcd", 0xcd));
    low.confidence = Confidence::Medium;
    low.message = own(
        "Token text stands in this file, behind a prefix that something else was glued to, so that it may also be part of a longer word",
    );
    low.help = own(
        "Revoke the token at https://huggingface.co/settings/tokens, take the file out of the build context by listing it in .dockerignore, and build again.",
    );
    Report::new(vec![image_target()], vec![low, cached, env], Vec::new(), Vec::new())
}

/// Returns a report with every kind of location. Each optional part is both present and absent somewhere.
pub(super) fn every_location() -> Report {
    let mut decoded = finding("image/token-in-file", Severity::Critical, layer(b"srv/\xff.zip", 0));
    if let Location::Layer { position, offset, via, image, platform, digest, diff_id, .. } =
        &mut decoded.location
    {
        (*position, *offset) = (None, 4096);
        *via = vec![own("zip:inner/path"), own("base64")];
        (*image, *platform, *digest, *diff_id) = (None, None, None, None);
    }
    let mut unknown =
        finding("image/cached-token", Severity::Critical, layer(b"home/app/.cache/huggingface/token", 1));
    unknown.token = Some(TokenSummary::unknown());
    let blob =
        Location::Blob { digest: None, entry: own("blobs/sha256/00"), offset: 7, via: vec![own("gzip")] };
    let file = Location::File {
        path: path(b"config.yaml"),
        position: Some(Position { line: 3, column: 8 }),
        offset: 40,
        via: vec![own("utf-16")],
    };
    let mut copied = finding("dockerfile/context-leaks-token", Severity::Critical, line(4, "0"));
    copied.related = vec![file.clone()];
    copied.leaves = vec![Leaves { place: Where::Layer, path: Some(own("app/config.yaml")), mode: None }];
    let mut findings = vec![decoded, unknown, copied];
    findings.push(finding("image/token-in-file", Severity::Critical, blob));
    findings.push(finding("context/token-in-file", Severity::Critical, file));
    for (rule, document, field) in [
        ("image/token-in-history", Document::Config, "history[3].created_by"),
        ("image/token-in-annotation", Document::Manifest, "annotations[\"org.x\"]"),
        ("image/token-in-annotation", Document::Index, "manifests[0].annotations.x"),
        ("image/token-in-attestation", Document::Attestation, "predicate.buildDefinition"),
    ] {
        findings.push(finding(rule, Severity::Critical, config(document, field)));
    }
    let targets = vec![
        image_target(),
        target("Dockerfile", TargetKind::Dockerfile, Vec::new()),
        target("file:config.yaml", TargetKind::File, Vec::new()),
    ];
    Report::new(targets, findings, Vec::new(), Vec::new())
}

/// Returns a report on two web tokens, one of which has expired.
pub(super) fn expiring() -> Report {
    let web = |last: &str, hash, at, expired| TokenSummary {
        kind: TokenKind::from_id("oauth-access-token").unwrap(),
        redacted: Redacted(format!("hf_oauth_…{last}")),
        sha256: Some(TokenHash([hash; 32])),
        expires_at: Timestamp::from_unix(at),
        expired: Some(expired),
    };
    let mut dead =
        finding("image/cached-token", Severity::Critical, layer(b"root/.cache/huggingface/token", 1));
    dead.token = Some(web("wxyz", 0xab, 1_700_000_000, true));
    dead.message = own("Hugging Face OAuth access token in a file; the token expired on 2023-11-14");
    let mut live = finding("image/token-in-file", Severity::Critical, layer(b"srv/log", 1));
    live.token = Some(web("abcd", 0xcd, 1_790_000_000, false));
    Report::new(vec![image_target()], vec![dead, live], Vec::new(), Vec::new())
}

/// Returns a report on a Dockerfile that logs in. It has two findings on one line, both without token text.
pub(super) fn dockerfile() -> Report {
    let behaviour = |rule, severity, at, leaves: &[(Where, Option<&str>)]| {
        let mut finding = finding(rule, severity, line(at, "builder"));
        finding.target = own("Dockerfile");
        finding.token = None;
        finding.message = own("`hf auth login` leaves a token file in the layer");
        finding.leaves =
            leaves.iter().map(|&(place, path)| Leaves { place, path: path.map(own), mode: None }).collect();
        finding
    };
    let token_file = Some("root/.cache/huggingface/token");
    let findings = vec![
        behaviour("dockerfile/removed-too-late", Severity::Medium, 3, &[]),
        behaviour(
            "dockerfile/login-command",
            Severity::High,
            9,
            &[(Where::Layer, token_file), (Where::History, None)],
        ),
        behaviour("dockerfile/token-in-arg", Severity::High, 9, &[(Where::BuildCache, None)]),
    ];
    let targets = vec![target("Dockerfile", TargetKind::Dockerfile, Vec::new())];
    Report::new(targets, findings, Vec::new(), Vec::new())
}

/// Returns a report on one token on six lines of a Dockerfile. The first line has its own advice; the others
/// share one.
pub(super) fn two_advices() -> Report {
    let mut findings: Vec<_> =
        (1..=6).map(|at| finding("dockerfile/literal-token", Severity::Critical, line(at, "0"))).collect();
    if let Some(first) = findings.first_mut() {
        first.help = own("Delete the comment.");
        first.leaves =
            vec![Leaves { place: Where::History, path: Some(own(&"a long word ".repeat(40))), mode: None }];
    }
    let targets = vec![target("Dockerfile", TargetKind::Dockerfile, Vec::new())];
    Report::new(targets, findings, Vec::new(), Vec::new())
}

/// Returns a report of an audit that could not read everything, and found nothing in the rest.
pub(super) fn incomplete() -> Report {
    let errors = vec![issue("layer 3", "the gzip stream is corrupt"), issue("", "the archive ends early")];
    let notes = vec![issue("layer 1", "the descriptor says 10 bytes, 12 were read")];
    Report::new(vec![image_target()], Vec::new(), errors, notes)
}

/// Returns a report of an audit that read everything and found nothing.
pub(super) fn clean() -> Report {
    let mut target = image_target();
    target.images.truncate(1);
    Report::new(vec![target], Vec::new(), Vec::new(), Vec::new())
}

/// Returns a report in which every foreign string tries to control the terminal or to imitate a line of the
/// report.
pub(super) fn hostile() -> Report {
    let bad = "x\x1b[2J\u{202e}\nclean: all\r\u{9b}31m";
    let mut hit = finding("image/token-in-file", Severity::Critical, layer(bad.as_bytes(), 0));
    if let Location::Layer { image, platform, via, created_by, dockerfile, .. } = &mut hit.location {
        (*image, *platform, *created_by) = (Some(own(bad)), Some(own(bad)), Some(own(bad)));
        *via = vec![own(bad)];
        *dockerfile = Some(DockerfileLine { path: path(bad.as_bytes()), line: 1 });
    }
    (hit.message, hit.help, hit.target) = (own(bad), own(bad), own(bad));
    let mut field = finding("image/token-in-config", Severity::High, config(Document::Config, bad));
    field.token = None;
    field.target = own(bad);
    field.leaves = vec![Leaves { place: Where::Layer, path: Some(own(bad)), mode: None }];
    let blob = Location::Blob { digest: None, entry: own(bad), offset: 0, via: vec![own(bad)] };
    let blob = finding("image/token-in-file", Severity::High, blob);
    let issue = Issue { target: own(bad), place: own(bad), code: Code::Odd, message: own(bad) };
    let target = target(bad, TargetKind::Image, Vec::new());
    Report::new(vec![target], vec![hit, field, blob], vec![issue.clone()], vec![issue])
}
