//! Turns the typed facts of findings and problems into masked words.

use std::cell::RefCell;

use super::anchor::Identity;
use super::draft::{Draft, Order};
use super::site::{AlsoSite, DockerfileSite, FileSite, LayerSite, Site};
use crate::detect::{Step, TokenSummary};
use crate::finding::{
    Also, Digest, Finding, Fingerprint, ImageName, ImagePart, Issue, LayerIndex, Leaves, Location, Place,
    Problem, SuppressedBy, Suppression,
};
use crate::mask::{Mask, Masked, Message, mask, message, quote};
use crate::rules::dockerfile::Residue;
use crate::sensitive::Name;
use crate::timestamp::Timestamp;

/// The maximum length of a decoding step in the text of a problem, in characters.
const MAX_STEP: usize = 120;
/// The maximum length of a command in a finding, in characters. The layer list of the image has the full
/// command.
const MAX_COMMAND: usize = 4096;

/// Text added to the help for an expired token.
const EXPIRED: &str = "The token itself has expired and cannot be used any more.";
/// Text added to the help for an expired token that a login renews.
const RENEWED: &str = "The login that wrote it may have left a refresh token beside it, which can.";

/// A sealed finding, without its number among equal findings.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    pub(super) order: (Order, &'static str),
    pub(super) identity: Identity,
    pub(super) finding: Finding,
    pub(super) secret: Option<Name>,
}

/// Foreign text of an image, masked once for all of its findings.
#[derive(Debug, Default)]
pub(crate) struct ImageText {
    pub(crate) name: Option<Masked>,
    pub(crate) platform: Option<Masked>,
    /// The command that made each layer.
    pub(crate) created_by: Vec<Option<Masked>>,
}

/// Seals the findings of one target.
pub(crate) struct Sealer<'a> {
    target: &'a Masked,
    /// The images of the target, by number.
    images: &'a [ImageText],
    now: Option<Timestamp>,
    mask: Mask,
    /// The most recent help text. Findings of one file usually share it.
    last_help: RefCell<Option<(Message, Masked)>>,
}

impl<'a> Sealer<'a> {
    /// Creates a sealer for a target as the user named it. `now` decides which tokens have expired. Without it,
    /// findings do not mention expiry.
    pub(crate) fn new(target: &'a Masked, images: &'a [ImageText], now: Option<Timestamp>) -> Self {
        Self { target, images, now, mask: Mask::default(), last_help: RefCell::default() }
    }

    /// Seals a draft. The fingerprint is filled in later.
    pub(crate) fn finding(&self, draft: &Draft) -> Sealed {
        let mut message = draft.message.clone();
        let mut help = draft.help.clone();
        let token = draft.token.as_ref().map(|token| self.dated(token));
        if let Some((token, at)) = token.as_ref().and_then(|token| Some((token, token.expires_at?)))
            && let Some(expired) = token.expired
        {
            let verb = Message::own(if expired { "expired" } else { "expires" });
            message = message!("{}; the token {} on {}", message, verb, at.date());
            if expired {
                help = message!("{} {}", help, Message::own(EXPIRED));
                if token.kind.is_renewed() {
                    help = message!("{} {}", help, Message::own(RENEWED));
                }
            }
        }
        let finding = Finding {
            rule: draft.rule.id.into(),
            severity: draft.severity,
            confidence: draft.confidence,
            message: message.seal_with(&self.mask),
            help: self.help(help),
            fingerprint: Fingerprint::new(Digest::from_bytes([0; 32])),
            token,
            target: self.target.clone(),
            location: self.location(&draft.site),
            also: draft.also.iter().filter_map(|also| self.also(also)).collect(),
            related: draft.related.iter().map(|site| self.location(site)).collect(),
            leaves: draft.leaves.iter().map(leaves).collect(),
            origin: None,
            suppressed: draft.ignored.as_ref().map(|reason| Suppression {
                by: SuppressedBy::Inline,
                reason: Some(reason.seal_with(&self.mask)),
            }),
        };
        Sealed {
            order: (draft.order.clone(), draft.rule.id),
            identity: draft.identity(),
            finding,
            secret: draft.secret.clone(),
        }
    }

    /// Puts a problem into words.
    pub(crate) fn issue(&self, problem: &Problem) -> Issue {
        let path = problem.path.as_ref().map(|path| self.mask.name(path).as_str().to_owned());
        let steps = problem.via.iter().map(|step| middle_cut(&mask(&step.kind.label())));
        let way: Vec<String> = path.into_iter().chain(steps).collect();
        let way = if way.is_empty() { String::new() } else { format!("{}: ", way.join(" > ")) };
        Issue {
            target: self.target.clone(),
            place: place(&problem.place).seal(),
            code: problem.code,
            message: message!("{}{}", way, problem.detail).seal(),
        }
    }

    /// Returns the token, with `expired` set if it can be known.
    fn dated(&self, token: &TokenSummary) -> TokenSummary {
        let expired = token.expires_at.zip(self.now).map(|(at, now)| at <= now);
        TokenSummary { expired, ..token.clone() }
    }

    fn help(&self, help: Message) -> Masked {
        let mut last = self.last_help.borrow_mut();
        if let Some((_, sealed)) = last.as_ref().filter(|(known, _)| *known == help) {
            return sealed.clone();
        }
        let sealed = help.seal();
        *last = Some((help, sealed.clone()));
        sealed
    }

    fn location(&self, site: &Site) -> Location {
        match site {
            Site::Layer(site) => self.layer(site),
            Site::Document(site) => {
                let image = site.image.and_then(|number| self.images.get(number));
                Location::Config {
                    image: image.and_then(|image| image.name.clone()),
                    platform: image.and_then(|image| image.platform.clone()),
                    document: site.document,
                    digest: site.digest,
                    field: mask(&site.field.label()),
                    via: via(&site.via),
                    dockerfile: site.dockerfile.clone(),
                }
            }
            Site::Blob(site) => {
                let field = site.field.as_ref().map(|field| mask(&[b"json:", &*field.label()].concat()));
                Location::Blob {
                    digest: site.digest,
                    entry: mask(&site.entry),
                    offset: site.offset,
                    via: field.into_iter().chain(via(&site.via)).collect(),
                }
            }
            Site::Dockerfile(DockerfileSite { path, start, end, stage }) => Location::Dockerfile {
                path: self.mask.path(path),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                stage: stage.as_ref().map(|name| quote(name)),
            },
            Site::File(FileSite { path, position, offset, via: steps }) => Location::File {
                path: self.mask.path(path),
                position: *position,
                offset: *offset,
                via: via(steps),
            },
        }
    }

    fn layer(&self, site: &LayerSite) -> Location {
        let image = self.images.get(site.image);
        let created_by = image.and_then(|image| image.created_by.get(site.layer)?.clone());
        Location::Layer {
            image: image.and_then(|image| image.name.clone()),
            platform: image.and_then(|image| image.platform.clone()),
            layer: LayerIndex(site.layer),
            digest: site.digest,
            diff_id: site.diff_id,
            path: self.mask.path(&site.path),
            position: site.position,
            offset: site.offset,
            via: via(&site.via),
            state: site.state,
            hidden_by: site.hidden_by.map(LayerIndex),
            created_by: created_by.map(|command| command.cut(MAX_COMMAND)),
            dockerfile: site.dockerfile.clone(),
        }
    }

    fn also(&self, also: &AlsoSite) -> Option<Also> {
        let image = self.images.get(also.image)?;
        let file = also.file.as_ref();
        Some(Also {
            image: image.name.clone(),
            platform: image.platform.clone(),
            layer: file.map(|file| LayerIndex(file.layer)),
            path: file.map(|file| self.mask.path(&file.path)),
            state: file.map(|file| file.state),
            hidden_by: file.and_then(|file| file.hidden_by.map(LayerIndex)),
        })
    }
}

fn via(steps: &[Step]) -> Vec<Masked> {
    steps.iter().map(|step| mask(&step.kind.label())).collect()
}

fn leaves(residue: &Residue) -> Leaves {
    let path = residue.path.as_ref().map(|path| mask(path.as_bytes()));
    Leaves { place: residue.place, path, mode: residue.mode }
}

/// Shortens masked text to [`MAX_STEP`] characters. Longer text keeps both ends.
fn middle_cut(masked: &Masked) -> String {
    let len = masked.as_str().chars().count();
    if len <= MAX_STEP {
        return masked.as_str().to_owned();
    }
    let side = MAX_STEP / 2;
    let chars = masked.as_str().chars();
    chars.clone().take(side).chain(['…']).chain(chars.skip(len - side)).collect()
}

/// Returns the place of a problem in words.
fn place(place: &Place) -> Message {
    match place {
        Place::Here => Message::default(),
        Place::Target => Message::own("target"),
        Place::Archive => Message::own("archive"),
        Place::File => Message::own("file"),
        Place::Entry(name) => message!("{}", name),
        Place::Line(line) => message!("line {}", *line),
        Place::FileLine(name, line) => message!("{}: line {}", name, *line),
        Place::Manifest(digest, image) => of_image(message!("manifest {}", digest), image.as_ref()),
        Place::Attestation(digest) => message!("attestation {}", digest),
        Place::Option(option) => Message::own(option),
        Place::Image(part, image) => {
            let part = match part {
                ImagePart::Whole => Message::own("image"),
                ImagePart::Config => Message::own("config"),
                ImagePart::History => Message::own("history"),
                ImagePart::Layer(n) => message!("layer {}", *n),
            };
            of_image(part, image.as_ref())
        }
    }
}

/// Appends ` of NAME (PLATFORM)`, if the target holds more than one image.
fn of_image(part: Message, image: Option<&ImageName>) -> Message {
    match image.map(|image| (&image.name, image.platform.as_ref())) {
        None => part,
        Some((name, None)) => message!("{} of {}", part, name),
        Some((name, Some(platform))) => message!("{} of {} ({})", part, name, platform),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Container, StepKind};
    use crate::fault::Code;

    #[test]
    fn long_steps_of_a_problem_are_shown_in_part() {
        let target = Masked::own("app.tar");
        let name = "n".repeat(500) + "end";
        let mut problem = Problem::error(Code::Truncated, Place::Archive, Message::own("it ends early"));
        problem.via.push(Step::new(StepKind::member(Container::Zip, name.as_bytes()), 0..0));
        let message = Sealer::new(&target, &[], None).issue(&problem).message;
        let (way, detail) = message.as_str().split_once(": ").unwrap();
        assert_eq!((way.chars().count(), detail), (121, "it ends early"));
        assert!(way.starts_with("zip:nnn") && way.contains("n…n") && way.ends_with("nend"), "{way}");
    }
}
