//! Problems, before they are worded for a report: parts that were not read, and oddities.

use crate::detect::Step;
use crate::fault::Code;
use crate::mask::Message;
use crate::sensitive::Name;

/// A part of the target that was not read, or an oddity in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The effect of the problem on the audit.
    pub(crate) effect: Effect,
    /// The kind of problem.
    pub(crate) code: Code,
    /// The affected part of the target.
    pub(crate) place: Place,
    /// The affected file in that part, if there is one.
    pub(crate) path: Option<Name>,
    /// The steps into the file, outermost first.
    pub(crate) via: Vec<Step>,
    /// The description: a sentence without a full stop.
    pub(crate) detail: Message,
}

/// The effect of a problem on the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// The audit is incomplete: another tool could have read more.
    Error,
    /// No tool could have read more, or the target is merely odd.
    Note,
}

/// A part of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The current part, which the collector of problems knows.
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
    /// A line of a file in a directory.
    FileLine(Name, u64),
    /// A manifest, by the digest in the reference to it.
    Manifest(Name, Option<ImageName>),
    /// An attestation, by the digest in the reference to it.
    Attestation(Name),
    /// A command line option.
    Option(&'static str),
    /// A part of an image.
    Image(ImagePart, Option<ImageName>),
}

/// The parts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ImagePart {
    /// The whole image.
    Whole,
    /// The config.
    Config,
    /// The history in the config.
    History,
    /// A layer, by its index in the manifest.
    Layer(usize),
}

/// The name of an image, for targets that hold several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImageName {
    /// The name, or the number of an unnamed image.
    pub(crate) name: Name,
    /// The platform, if the image names one.
    pub(crate) platform: Option<Name>,
}

impl Problem {
    /// Creates a problem that makes the audit incomplete.
    pub(crate) fn error(code: Code, place: Place, detail: Message) -> Self {
        Self { effect: Effect::Error, code, place, path: None, via: Vec::new(), detail }
    }

    /// Creates a problem that is only worth a note.
    pub(crate) fn note(code: Code, place: Place, detail: Message) -> Self {
        Self { effect: Effect::Note, ..Self::error(code, place, detail) }
    }

    /// Creates a problem from a reader's error.
    pub(crate) fn of(error: &std::io::Error, place: Place) -> Self {
        Self::error(Code::of(error), place, Message::foreign(error.to_string()))
    }

    /// Moves the problem to another place.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Returns true if the problem makes the audit incomplete.
    pub(crate) fn is_error(&self) -> bool {
        self.effect == Effect::Error
    }
}

impl Place {
    /// Returns the place of an archive entry or of a file in a directory.
    pub(crate) fn entry(name: &[u8]) -> Self {
        Self::Entry(name.into())
    }

    /// Returns the place of a part of an image.
    pub(crate) fn image(part: ImagePart) -> Self {
        Self::Image(part, None)
    }
}
