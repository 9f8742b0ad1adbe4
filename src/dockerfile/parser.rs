//! Parses logical lines into instructions. Follows `Parse` and the dispatch table of BuildKit's
//! `frontend/dockerfile/parser/parser.go`, and the checks in `frontend/dockerfile/instructions/parse.go`.

use super::heredoc::{self, Heredoc};
use super::json::{NotStrings, string_array};
use super::lines::{Lines, split_keyword};
use super::words::{plain_words, quoted_words, split_flags};
use super::{Arguments, Dockerfile, Flag, Instruction, Keyword, Pair, stages};
use crate::mask::{Message, message};
use crate::text::space_at;
use crate::text::{Flaw, Span, Text};

/// The maximum number of pieces that are read: instructions, words and operators. In memory, each takes up to a
/// kilobyte. The largest Dockerfiles in use have some thousands.
const MAX_PIECES: usize = 60_000;
/// The pieces of an instruction by itself.
const PIECES_OF_INSTRUCTION: usize = 4;

/// Parses a Dockerfile. It never fails as a whole: a line that BuildKit would reject becomes a [`Flaw`],
/// and parsing continues after it.
pub(crate) fn parse(source: &[u8]) -> Dockerfile {
    let mut lines = Lines::new(source);
    let mut instructions = Vec::new();
    let mut left = MAX_PIECES;
    let (mut has_stage, mut is_behind_text) = (false, false);
    while let Some(joined) = lines.next_joined() {
        let mut reader = Reader { escape: lines.directives.escape_byte(), flaws: Vec::new() };
        let spent = PIECES_OF_INSTRUCTION + pieces(joined.text.as_bytes());
        let read = left.checked_sub(spent).map(|left| {
            let mut instruction = reader.instruction(&joined.text, joined.span, 0);
            read_heredocs(source, &mut lines, &mut instruction);
            let heredocs = instruction.effective().heredocs.iter();
            let spent: usize = heredocs.map(|heredoc| pieces(heredoc.body.as_bytes())).sum();
            (instruction, left.checked_sub(spent))
        });
        let Some((mut instruction, Some(now_left))) = read else {
            let detail = message!(
                "it has more than {} words and instructions: the rest was searched for tokens, but not read as a \
                 Dockerfile",
                MAX_PIECES
            );
            lines.flaws.push(Flaw::limit(joined.span, detail));
            break;
        };
        left = now_left;
        // A line of another text, such as Python, starts no stage.
        if instruction.keyword == Keyword::From && has_stage && !stages::has_image(&instruction) {
            reader.flaws.push(stages::wrong_arguments(&instruction));
            instruction.keyword = Keyword::Unknown;
        }
        has_stage |= instruction.keyword == Keyword::From;
        // The lines of such a text are one flaw.
        let is_text = instruction.keyword == Keyword::Unknown;
        if !(is_text && is_behind_text) {
            lines.flaws.append(&mut reader.flaws);
        }
        is_behind_text = is_text;
        instructions.push(instruction);
    }
    let Lines { directives, comments, mut flaws, .. } = lines;
    if instructions.is_empty() {
        flaws.push(Flaw::new(Span::new(0, source.len()), Message::own("the file has no instructions")));
    }
    let stages = stages::assign(&mut instructions, directives.escape_byte(), &mut flaws);
    flaws.sort_by_key(|flaw| flaw.span);
    Dockerfile { directives, instructions, comments, stages, flaws }
}

/// Returns the number of words and operators in a text, roughly.
fn pieces(text: &[u8]) -> usize {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace();
    let is_operator = |byte: &u8| b";|&(),<>{}$=".contains(byte);
    let words = text.windows(2).filter(|pair| matches!(pair, [a, b] if is_blank(a) && !is_blank(b))).count();
    words + text.iter().filter(|byte| is_operator(byte)).count()
}

fn read_heredocs(source: &[u8], lines: &mut Lines<'_>, instruction: &mut Instruction) {
    let line = instruction.text.clone();
    let inner = match &mut instruction.onbuild {
        Some(inner) => inner.as_mut(),
        None => instruction,
    };
    let may_open = matches!(inner.keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
    if !may_open || matches!(inner.arguments, Arguments::Exec(_)) {
        return;
    }
    let rest = source.get(lines.offset()..).unwrap_or_default();
    let mut heredocs = heredoc::openers(&line);
    // Otherwise it may be the operator of an arithmetic expression.
    heredocs.retain(|heredoc| !heredoc.is_apart || is_closed(heredoc, rest));
    let mut end = inner.span.end;
    for heredoc in &mut heredocs {
        let mut closed = false;
        heredoc.span = Span::new(lines.offset(), lines.offset());
        while let Some((bare, whole)) = lines.next_raw() {
            end = bare.end;
            if heredoc::closes(heredoc, source.get(bare.start..bare.end).unwrap_or_default()) {
                closed = true;
                break;
            }
            heredoc::push_line(heredoc, source, whole);
        }
        if !closed {
            let span = heredoc.name.span();
            lines.flaws.push(Flaw::quoting(span, "the heredoc is not terminated", heredoc.name.as_bytes()));
        }
    }
    inner.heredocs = heredocs;
    inner.span.end = end;
    instruction.span.end = end;
}

/// Returns true if one of the next lines closes a heredoc.
fn is_closed(heredoc: &Heredoc, rest: &[u8]) -> bool {
    const LONGEST: usize = 64 << 10;
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    rest.split(|&b| b == b'\n').any(|line| heredoc::closes(heredoc, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// The maximum nesting depth of `ONBUILD ONBUILD …`. BuildKit rejects the second one.
const MAX_ONBUILD: usize = 4;

struct Reader {
    escape: u8,
    flaws: Vec<Flaw>,
}

impl Reader {
    fn flaw(&mut self, span: Span, message: Message) {
        self.flaws.push(Flaw::new(span, message));
    }

    fn instruction(&mut self, text: &Text, span: Span, depth: usize) -> Instruction {
        let (word, rest) = split_keyword(text);
        let keyword = Keyword::of(word.as_bytes());
        let (flags, rest) = split_flags(&rest);
        let rest = rest.trimmed();
        let mut instruction = Instruction {
            keyword,
            keyword_span: word.span(),
            span: Span::new(word.span().start, span.end),
            text: text.trimmed(),
            flags: flags.iter().map(flag).collect(),
            arguments: Arguments::None,
            heredocs: Vec::new(),
            onbuild: None,
            stage: None,
        };
        if keyword == Keyword::Unknown {
            self.flaws.push(Flaw::quoting(word.span(), "unknown instruction", word.as_bytes()));
            return instruction;
        }
        if rest.is_empty() {
            let message = message!("{} needs an argument", keyword.name());
            if !matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint) {
                self.flaw(instruction.keyword_span, message);
            }
            return instruction;
        }
        if keyword == Keyword::Onbuild {
            if depth < MAX_ONBUILD {
                let inner = self.instruction(&rest, span, depth + 1);
                if matches!(inner.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
                    let message = message!("{} isn't allowed as an ONBUILD trigger", inner.keyword.name());
                    self.flaw(inner.keyword_span, message);
                }
                instruction.onbuild = Some(Box::new(inner));
            }
            return instruction;
        }
        instruction.arguments = self.arguments(keyword, &rest);
        instruction
    }

    fn arguments(&mut self, keyword: Keyword, rest: &Text) -> Arguments {
        match keyword {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint => {
                self.exec_form(rest).unwrap_or_else(|| Arguments::Line(rest.clone()))
            }
            Keyword::Shell => self.exec_form(rest).unwrap_or_else(|| {
                self.flaw(rest.span(), Message::own("SHELL requires its arguments as a JSON array"));
                Arguments::Line(rest.clone())
            }),
            Keyword::Add | Keyword::Copy => {
                let arguments = self.exec_form(rest).unwrap_or_else(|| Arguments::Words(plain_words(rest)));
                if let Arguments::Exec(words) | Arguments::Words(words) = &arguments
                    && words.len() < 2
                {
                    let message = message!("{} needs at least two arguments", keyword.name());
                    self.flaw(rest.span(), message);
                }
                arguments
            }
            Keyword::Volume => self.exec_form(rest).unwrap_or_else(|| Arguments::Words(plain_words(rest))),
            Keyword::From | Keyword::Expose => Arguments::Words(plain_words(rest)),
            Keyword::Env | Keyword::Label => Arguments::Pairs(self.pairs(keyword, rest)),
            Keyword::Arg => Arguments::Pairs(quoted_words(rest, self.escape).iter().map(pair).collect()),
            Keyword::Healthcheck => self.healthcheck(rest),
            Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => {
                Arguments::Line(rest.clone())
            }
            Keyword::Onbuild | Keyword::Unknown => Arguments::None,
        }
    }

    fn exec_form(&mut self, rest: &Text) -> Option<Arguments> {
        match string_array(rest) {
            Ok(words) => Some(Arguments::Exec(words)),
            Err(NotStrings::NotJson) => None,
            Err(NotStrings::OtherValues) => {
                self.flaw(rest.span(), Message::own("a JSON array of arguments may contain only strings"));
                None
            }
        }
    }

    /// Parses the arguments of `HEALTHCHECK CMD …` and `HEALTHCHECK NONE`.
    fn healthcheck(&mut self, rest: &Text) -> Arguments {
        let (kind, command) = split_keyword(rest);
        if kind.as_bytes().eq_ignore_ascii_case(b"NONE") {
            return Arguments::None;
        }
        if !kind.as_bytes().eq_ignore_ascii_case(b"CMD") {
            self.flaws.push(Flaw::quoting(kind.span(), "unknown type of HEALTHCHECK", kind.as_bytes()));
        }
        self.exec_form(&command).unwrap_or(Arguments::Line(command))
    }

    /// Parses `name=value …` or the legacy form `name value`. The first word decides between them.
    fn pairs(&mut self, keyword: Keyword, rest: &Text) -> Vec<Pair> {
        let words = quoted_words(rest, self.escape);
        let Some(first) = words.first() else { return Vec::new() };
        if !first.as_bytes().contains(&b'=') {
            let (name, value) = split_keyword(rest);
            if value.is_empty() {
                self.flaw(rest.span(), message!("{} must have two arguments", keyword.name()));
            }
            return vec![Pair { name, value: Some(value), span: rest.span() }];
        }
        for word in words.iter().filter(|word| !word.as_bytes().contains(&b'=')) {
            self.flaws.push(Flaw::quoting(word.span(), "not of the form name=value", word.as_bytes()));
        }
        words.iter().filter(|word| word.as_bytes().contains(&b'=')).map(pair).collect()
    }
}

fn flag(word: &Text) -> Flag {
    let Pair { name, value, span } = pair(word);
    // A flag that consists only of dashes has no name. `--` itself never gets here.
    Flag { name: name.slice(2.min(name.len())..name.len()), value, span }
}

fn pair(word: &Text) -> Pair {
    let span = word.span();
    match word.as_bytes().iter().position(|&b| b == b'=') {
        Some(at) => Pair { name: word.slice(0..at), value: Some(word.slice(at + 1..word.len())), span },
        None => Pair { name: word.clone(), value: None, span },
    }
}

/// Returns true if the content of a file looks like a Dockerfile: text whose first instruction, after
/// directives and comments, is `FROM` or `ARG`.
pub(crate) fn looks_like_dockerfile(bytes: &[u8]) -> bool {
    // A binary file is not a Dockerfile, nor is a file whose first instruction comes after megabytes of
    // text.
    let head = bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default();
    if memchr::memchr(0, head).is_some() {
        return false;
    }
    let mut lines = Lines::new(head);
    let Some(joined) = lines.next_joined() else { return false };
    let (word, rest) = split_keyword(&joined.text);
    let first = rest.byte(0);
    // `from x import y` is Python, and `FROM = 3` is an assignment.
    let is_python =
        word.as_bytes() == b"from" && plain_words(&rest).get(1).is_some_and(|w| w.as_bytes() == b"import");
    matches!(Keyword::of(word.as_bytes()), Keyword::From | Keyword::Arg)
        && first.is_some_and(|b| b != b'=')
        && space_at(rest.as_bytes(), 0).is_none()
        && !is_python
}
