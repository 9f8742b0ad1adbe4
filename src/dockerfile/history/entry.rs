//! A history entry (`created_by`), parsed as far as all spellings allow.

use super::template::{Solid, skeleton, solid};
use crate::dockerfile::Keyword;

/// The text that BuildKit appends to instructions that made a layer.
pub(super) const BUILDKIT_MARK: &str = " # buildkit";
/// The text that the classic builder and buildah put before instructions that no shell runs.
const NOP: &str = "#(nop)";
/// The texts that buildah appends to an instruction if build options changed labels, annotations or times.
const NOTES_OF_BUILDAH: [&str; 5] =
    ["|unsetLabel=", "|inheritLabels=", "|unsetAnnotation=", "|inheritAnnotations=", "|force-mtime="];

/// A history entry.
pub(super) struct Entry<'a> {
    /// The whole text without a mark.
    pub(super) text: &'a str,
    /// The whole text without white space.
    pub(super) solid: Solid,
    /// The instruction that the entry names.
    pub(super) named: Option<Named<'a>>,
}

/// An instruction named by an entry.
pub(super) struct Named<'a> {
    pub(super) keyword: Keyword,
    /// The text after the keyword.
    pub(super) rest: &'a str,
    /// The text after the keyword, without white space.
    pub(super) solid: Solid,
    /// Whether the instruction follows `#(nop)`.
    pub(super) is_nop: bool,
    /// An additional form in which the arguments are compared.
    pub(super) form: Form,
}

/// A comparable form of the arguments of some instructions. It is computed once, because each entry is
/// compared with many instructions.
pub(super) enum Form {
    /// A list or a command, as a skeleton.
    Skeleton(Solid),
    /// `COPY [--chown=…] a b /c`: all words except the flags.
    Words(Solid),
    /// `COPY [--chown=…] file:DIGEST in /c`: the destination of the files.
    Destination(Solid),
    /// No additional form.
    Plain,
}

impl<'a> Entry<'a> {
    /// Parses an entry. An entry without text names no instruction.
    pub(super) fn read(created_by: &'a str) -> Self {
        let mut text = created_by.trim();
        text = text.strip_suffix(BUILDKIT_MARK).unwrap_or(text).trim_end();
        let notes = NOTES_OF_BUILDAH.iter().filter_map(|note| text.find(note)).min();
        text = notes.and_then(|at| text.get(..at)).unwrap_or(text).trim_end();
        // The classic builder writes the shell that a `SHELL` sets in front of it.
        let sets_shell = |rest: &str| rest.trim_start().starts_with("SHELL [");
        let nop = text.split_once(NOP).filter(|(shell, rest)| is_shell(shell) || sets_shell(rest));
        let instruction = nop.map_or(text, |(_, instruction)| instruction.trim_start());
        let (word, rest) =
            instruction.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((instruction, ""));
        let keyword = Keyword::of(word.as_bytes());
        let named = (keyword != Keyword::Unknown).then(|| Named {
            keyword,
            rest: rest.trim(),
            solid: solid(rest.as_bytes()),
            is_nop: nop.is_some(),
            form: form(keyword, rest.trim(), nop.is_some()),
        });
        Self { text, solid: solid(text.as_bytes()), named }
    }
}

fn form(keyword: Keyword, rest: &str, is_nop: bool) -> Form {
    match keyword {
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell | Keyword::Volume => {
            Form::Skeleton(skeleton(rest.as_bytes()))
        }
        Keyword::Copy | Keyword::Add => copy_form(rest, is_nop),
        _ => Form::Plain,
    }
}

fn copy_form(mut rest: &str, is_nop: bool) -> Form {
    while rest.starts_with("--") {
        let Some((_, behind)) = rest.split_once(char::is_whitespace) else { return Form::Plain };
        rest = behind.trim_start();
    }
    if !is_nop {
        return Form::Words(solid(rest.as_bytes()));
    }
    let destination = match rest.rsplit_once(" in ") {
        Some((sources, destination)) => is_summary(sources).then_some(destination),
        None => rest.strip_prefix("in "),
    };
    destination.map_or(Form::Plain, |destination| Form::Destination(solid(destination.as_bytes())))
}

/// Returns true if a text is a summary of the sources of a copy: `file:DIGEST`, `dir:DIGEST`,
/// `multi:DIGEST`, or a list of these.
fn is_summary(text: &str) -> bool {
    text.split([',', ' ']).filter(|part| !part.is_empty()).all(|part| part.contains(':'))
}

/// Returns the text behind a shell with the options that make it run a script: `/bin/bash -o pipefail -c `.
pub(super) fn behind_shell(text: &str) -> Option<&str> {
    const MOST_WORDS: usize = 16;
    let blanks = text.match_indices(' ').take(MOST_WORDS).map(|(at, _)| text.split_at(at));
    blanks.filter(|(shell, _)| is_shell(shell)).last().map(|(_, script)| script.trim_start())
}

/// Returns true if the words are a shell with the options that make it run a script: `/bin/bash -o pipefail
/// -c`.
pub(super) fn is_shell(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let Some(program) = words.next() else { return false };
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let mut takes_value = false;
    let mut runs_script = false;
    is_plain
        && !program.starts_with(['-', '|'])
        && words.all(|word| {
            // A word with a `=` is a flag of `RUN`, which buildah leaves after the shell.
            let is_option =
                (word.starts_with('-') && !word.contains('=')) || (word.starts_with('/') && word.len() == 2);
            let is_value = takes_value && word.bytes().all(|b| b.is_ascii_alphanumeric());
            takes_value = is_option && word.ends_with(['o', 'O']);
            runs_script = is_option;
            is_option || is_value
        })
        && runs_script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells() {
        for shell in
            ["/bin/sh -c", "/bin/bash -o pipefail -c ", "/bin/bash -euxo pipefail -c", "cmd /S /C", "sh -ec"]
        {
            assert!(is_shell(shell), "{shell}");
        }
        for other in ["", "/bin/sh", "/bin/sh -c echo a && /bin/sh -c", "|1 A=b /bin/sh -c", "echo a", "-c"] {
            assert!(!is_shell(other), "{other}");
        }
    }

    #[test]
    fn the_instruction_that_an_entry_names() {
        for (text, keyword, rest, is_nop) in [
            ("ENV A=b", Keyword::Env, "A=b", false),
            ("COPY a /b # buildkit", Keyword::Copy, "a /b", false),
            ("/bin/sh -c #(nop)  CMD [\"a\"]", Keyword::Cmd, "[\"a\"]", true),
            ("/bin/sh -c #(nop) COPY file:00 in /x ", Keyword::Copy, "file:00 in /x", true),
            ("/bin/bash -o pipefail -c #(nop) USER a", Keyword::User, "a", true),
            ("/bin/sh -c a #(nop)  SHELL [/bin/sh -c a]", Keyword::Shell, "[/bin/sh -c a]", true),
            ("/bin/sh -c #(nop) WORKDIR /x|unsetLabel=true", Keyword::Workdir, "/x", true),
        ] {
            let named = Entry::read(text).named.unwrap();
            assert_eq!((named.keyword, named.rest, named.is_nop), (keyword, rest, is_nop), "{text}");
        }
        for text in ["", "/bin/sh -c echo #(nop) ENV A=b", "|1 A=b /bin/sh -c #(nop) ENV A=b", "umoci config"]
        {
            assert!(Entry::read(text).named.is_none(), "{text}");
        }
    }
}
