//! The history entries that an instruction leaves, in the spelling of each builder.
//!
//! - BuildKit (`dockerfile2llb/convert.go`): variables expanded, `RUN` as `RUN [|N ARGS] SHELL COMMAND`,
//!   `COPY` and `ADD` by their words, lists as Go prints them.
//! - The classic builder: `SHELL #(nop) INSTRUCTION`, expanded; `COPY` and `ADD` as `COPY file:DIGEST in
//!   DEST`; `RUN` as `[|N ARGS] SHELL COMMAND`.
//! - buildah (`imagebuildah/stage_executor.go`): like the classic builder, but with the text of the file,
//!   flags included, and with `/bin/sh -c` for every shell.
//! - kaniko: the instruction as it is written.

use super::template::{Solid, Template, skeleton, solid};
use crate::dockerfile::{Arguments, Instruction, Keyword, heredoc};
use crate::text::Text;

/// The history entry that an instruction leaves.
pub(super) struct Expected {
    pub(super) keyword: Keyword,
    /// The text after the keyword, as it is written. With heredocs there is one text for each way to write
    /// them out.
    pub(super) written: Vec<Solid>,
    /// The arguments as written by builders that resolve the instruction.
    pub(super) resolved: Resolved,
}

/// The resolved arguments of an instruction.
pub(super) enum Resolved {
    /// The commands of a `RUN`, one for each way to write heredocs out.
    Run(Vec<Solid>),
    /// The exec form of a `RUN`.
    Exec(Solid),
    /// All words of a `COPY` or `ADD`, and the last word, which is the destination.
    Copied { words: Template, destination: Template },
    /// A text.
    Text(Template),
    /// A list of words, as a skeleton.
    List(Solid),
    /// A command after a shell, as a skeleton.
    Command(Solid),
    /// The names of the variables of an `ARG`.
    Names(Vec<Template>),
    /// A directory.
    Directory(Template),
    /// Arguments that cannot be compared.
    Anything,
}

impl Expected {
    /// Returns the entry that the instruction leaves, or `None` if no builder leaves one.
    pub(super) fn of(instruction: &Instruction, escape: u8) -> Option<Self> {
        let keyword = instruction.keyword;
        if matches!(keyword, Keyword::From | Keyword::Unknown) {
            return None;
        }
        let text = &instruction.text;
        let rest = text.slice(keyword.name().len().min(text.len())..text.len());
        let written = with_heredocs(&rest, instruction);
        Some(Self { keyword, written, resolved: resolved(instruction, escape) })
    }

    /// Returns true if the instruction changes files and therefore makes a layer.
    pub(super) fn writes(&self) -> bool {
        matches!(self.keyword, Keyword::Run | Keyword::Copy | Keyword::Add)
    }

    /// Returns true if a builder may make a layer for the instruction.
    pub(super) fn may_write(&self) -> bool {
        self.writes() || matches!(self.keyword, Keyword::Workdir | Keyword::Volume)
    }

    /// Returns true if a build may omit the instruction from the history. BuildKit omits triggers and its
    /// predefined arguments.
    pub(super) fn is_optional(&self) -> bool {
        matches!(self.keyword, Keyword::Arg | Keyword::Onbuild)
    }
}

fn resolved(instruction: &Instruction, escape: u8) -> Resolved {
    let words = |words: &[Text]| words.iter().flat_map(|word| word.as_bytes().to_vec()).collect::<Vec<u8>>();
    match (instruction.keyword, &instruction.arguments) {
        (Keyword::Run, Arguments::Exec(list)) => Resolved::Exec(solid(&words(list))),
        (Keyword::Run, Arguments::Line(line)) => Resolved::Run(with_heredocs(line, instruction)),
        (Keyword::Run, _) => Resolved::Run(vec![Solid::default()]),
        (Keyword::Copy | Keyword::Add, Arguments::Words(list) | Arguments::Exec(list)) => {
            copied(list, instruction, escape)
        }
        (Keyword::Env | Keyword::Label, Arguments::Pairs(pairs)) => {
            let mut template = Template::new();
            for pair in pairs {
                template.push_word(&pair.name, escape);
                template.push_text(b"=");
                if let Some(value) = &pair.value {
                    template.push_word(value, escape);
                }
            }
            Resolved::Text(template)
        }
        (Keyword::Arg, Arguments::Pairs(pairs)) => {
            Resolved::Names(pairs.iter().map(|pair| Template::of_words([&pair.name], escape)).collect())
        }
        (Keyword::User | Keyword::Stopsignal | Keyword::Maintainer, Arguments::Line(line)) => {
            Resolved::Text(Template::of_words([line], escape))
        }
        (Keyword::Workdir, Arguments::Line(line)) => directory(line, escape),
        (Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell, Arguments::Exec(list)) => {
            Resolved::List(skeleton(&words(list)))
        }
        (Keyword::Cmd | Keyword::Entrypoint, Arguments::Line(line)) => {
            Resolved::Command(skeleton(line.as_bytes()))
        }
        (Keyword::Volume, Arguments::Words(list) | Arguments::Exec(list)) => {
            let text = words(list);
            if text.contains(&b'$') { Resolved::Anything } else { Resolved::List(skeleton(&text)) }
        }
        _ => Resolved::Anything,
    }
}

/// Returns the texts of a line and its heredocs, in the ways in which builders write them out: without
/// heredocs; only the first body, if the line is just its opener; all bodies with their delimiters
/// (BuildKit); all bodies without delimiters (buildah).
fn with_heredocs(line: &Text, instruction: &Instruction) -> Vec<Solid> {
    let mut texts = vec![solid(line.as_bytes())];
    let heredocs = &instruction.heredocs;
    let Some(first) = heredocs.first() else { return texts };
    if heredoc::is_whole_line(first, line) {
        texts.push(solid(first.body.as_bytes()));
        texts.push(solid(&[b"/dev/pipes/", first.name.as_bytes()].concat()));
    }
    let (mut closed, mut bodies) = (solid(line.as_bytes()), solid(line.as_bytes()));
    for heredoc in heredocs {
        let body = solid(heredoc.body.as_bytes());
        closed.extend_from_slice(&body);
        closed.extend_from_slice(heredoc.name.as_bytes());
        bodies.extend_from_slice(&body);
    }
    texts.push(closed);
    texts.push(bodies);
    texts
}

/// Returns the words of a `COPY` or `ADD`. BuildKit names heredocs after the other sources.
fn copied(list: &[Text], instruction: &Instruction, escape: u8) -> Resolved {
    let is_heredoc = |word: &&Text| {
        let digits = word.as_bytes().iter().take_while(|byte| byte.is_ascii_digit()).count();
        !instruction.heredocs.is_empty() && word.starts_with_at(digits, b"<<")
    };
    let Some((last, sources)) = list.split_last() else { return Resolved::Anything };
    let mut words = Template::of_words(sources.iter().filter(|word| !is_heredoc(word)), escape);
    for heredoc in &instruction.heredocs {
        words.push_text(b"<<");
        words.push_text(heredoc.name.as_bytes());
    }
    words.push_word(last, escape);
    Resolved::Copied { words, destination: Template::of_words([last], escape) }
}

/// Returns a directory that is absolute or relative to the previous one, which may be unknown.
fn directory(line: &Text, escape: u8) -> Resolved {
    let written = Template::of_words([line], escape);
    let is_plain = written.text().is_none_or(|text| {
        let dotted =
            text.split(|&byte| byte == b'/').skip(1).any(|part| part.is_empty() || part.starts_with(b"."));
        !dotted && !text.starts_with(b".")
    });
    if !is_plain || line.as_bytes().contains(&b'\\') {
        return Resolved::Anything;
    }
    let is_absolute = written.text().is_none_or(|text| text.starts_with(b"/"));
    if is_absolute && !written.has_gap() {
        return Resolved::Directory(written);
    }
    let mut below = Template::new();
    below.push_gap();
    if !written.has_gap() {
        below.push_text(b"/");
    }
    below.push_word(line, escape);
    Resolved::Directory(below)
}
