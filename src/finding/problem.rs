//! Something that was not read, or that is odd, before it is put into the words of a report.

use crate::detect::Step;
use crate::fault::Code;
use crate::mask::Message;
use crate::sensitive::Name;

/// Something that was not read, or that is odd: its kind, its place, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// What it means for the audit.
    pub(crate) effect: Effect,
    /// Its kind.
    pub(crate) code: Code,
    /// The part of the target it is in.
    pub(crate) place: Place,
    /// The file in that part, where it is in one.
    pub(crate) path: Option<Name>,
    /// The way into the file, outermost first.
    pub(crate) via: Vec<Step>,
    /// What is wrong: a sentence without a full stop.
    pub(crate) detail: Message,
}

/// What a problem means for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// The audit is incomplete: somebody else could have read more.
    Error,
    /// Nobody could have read more, or it is merely odd.
    Note,
}

/// A part of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The part at hand, which whoever collects problems knows.
    #[default]
    Here,
    /// The target as a whole.
    Target,
    /// The archive's own structure.
    Archive,
    /// An entry of an archive, a file of a layout, or a file of a directory.
    Entry(Name),
    /// The file that is the target.
    File,
    /// A line of the file that is the target.
    Line(u64),
    /// A line of a file of a directory.
    FileLine(Name, u64),
    /// A manifest, by the digest that it is referred to by.
    Manifest(Name, Option<ImageName>),
    /// An attestation, by the digest that it is referred to by.
    Attestation(Name),
    /// An option of the command line.
    Option(&'static str),
    /// A part of an image.
    Image(ImagePart, Option<ImageName>),
}

/// The parts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ImagePart {
    /// All of it.
    Whole,
    /// Its config.
    Config,
    /// The history in its config.
    History,
    /// A layer, by its index in the manifest.
    Layer(usize),
}

/// What an image is called where a target holds several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImageName {
    /// Its name; its number where it has none.
    pub(crate) name: Name,
    /// Its platform, where it names one.
    pub(crate) platform: Option<Name>,
}

impl Problem {
    /// Something that makes the audit incomplete.
    pub(crate) fn error(code: Code, place: Place, detail: Message) -> Self {
        Self { effect: Effect::Error, code, place, path: None, via: Vec::new(), detail }
    }

    /// Something that is worth a note.
    pub(crate) fn note(code: Code, place: Place, detail: Message) -> Self {
        Self { effect: Effect::Note, ..Self::error(code, place, detail) }
    }

    /// A reader's error.
    pub(crate) fn of(error: &std::io::Error, place: Place) -> Self {
        Self::error(Code::of(error), place, Message::foreign(error.to_string()))
    }

    /// The problem at another place.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Whether it makes the audit incomplete.
    pub(crate) fn is_error(&self) -> bool {
        self.effect == Effect::Error
    }
}

impl Place {
    /// An entry of an archive or a file of a directory.
    pub(crate) fn entry(name: &[u8]) -> Self {
        Self::Entry(name.into())
    }

    /// A part of an image.
    pub(crate) fn image(part: ImagePart) -> Self {
        Self::Image(part, None)
    }
}
