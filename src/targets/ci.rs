//! A CI file: the build arguments that it passes, its logins, and the Dockerfiles inside it.

use std::collections::HashSet;

use crate::ci;
use crate::dockerfile::parse;
use crate::fault::Code;
use crate::finding::{Place, Problem};
use crate::findings::{Anchor, Draft, Drafts, ci_draft, dockerfile_draft};
use crate::fix::check_and_advise;
use crate::mask::message;
use crate::rules::context::{LOGIN_IN_CI, MAX_CI_HITS, check_ci};
use crate::rules::dockerfile::unknown::{in_text, literals};
use crate::rules::dockerfile::{Ignored, ignored};
use crate::sensitive::Name;
use crate::text::{Flaw, LineIndex, Text};

/// Audits a file if its place, and for some its content, mark it as a CI file or another file that builds. `path` is
/// how the report calls it, and `name` its path relative to the audited root. A problem is either an exceeded limit,
/// or a note on a part that could not be parsed. The bytes of such a part are still searched for tokens.
pub(crate) fn audit(place: &[u8], path: &Name, name: &[u8], bytes: &[u8]) -> Option<Drafts> {
    let file = ci::read(place, bytes)?;
    let lines = LineIndex::new(bytes);
    let mut audited = Drafts::default();
    audited.secrets.extend(in_text(bytes));
    for flaw in &file.flaws {
        let detail = message!("not all of it was read as a CI file: {}", flaw.message);
        audited.problems.push(problem(path, lines.position(flaw.span.start).line, flaw, detail));
    }
    let mut hits = check_ci(bytes, &file);
    if hits.len() > MAX_CI_HITS {
        let detail = message!("more than {} findings of {} in one file", MAX_CI_HITS, LOGIN_IN_CI.id);
        audited.problems.push(Problem::error(Code::Limit, Place::entry(path), detail));
    }
    hits.truncate(MAX_CI_HITS);
    let anchor = Anchor::file(name);
    audited.drafts.extend(hits.into_iter().map(|hit| ci_draft(path, anchor, &lines, hit)));
    // Shared places are reported once.
    let mut seen = HashSet::new();
    for text in file.dockerfiles.iter().filter(|text| seen.insert(text.span().start)) {
        inline(path, name, &lines, text, &mut audited);
    }
    Some(audited)
}

fn problem(path: &Name, line: u64, flaw: &Flaw, detail: crate::mask::Message) -> Problem {
    let place = Place::FileLine((&**path).into(), line);
    // A parse error hides nothing: the bytes are searched like those of any other file.
    if flaw.is_limit() {
        Problem::error(Code::Limit, place, detail)
    } else {
        Problem::note(flaw.code, place, detail)
    }
}

/// The rule that is skipped here. Another rule reports tokens anywhere in the text of the file.
const LITERAL_TOKEN: &str = "dockerfile/literal-token";

/// Audits a Dockerfile inside a CI file. Tokens in its text are reported with those of the whole file.
fn inline(path: &Name, name: &[u8], lines: &LineIndex<'_>, text: &Text, audited: &mut Drafts) {
    let bytes = text.as_bytes();
    let dockerfile = parse(bytes);
    let hits = check_and_advise(bytes, &dockerfile);
    audited.secrets.extend(literals(bytes, &dockerfile));
    let own_lines = LineIndex::new(bytes);
    let Ignored { reasons, notes } = ignored(bytes, &dockerfile, &own_lines, &hits);
    let line_of = |offset: usize| lines.position(text.source_offset(offset)).line;
    let place = |line: u64| Place::FileLine((&**path).into(), line);
    // The offset of the first byte of each line of the text, in order of line number.
    let starts: Vec<_> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1)).collect();
    let start = |line: u64| usize::try_from(line).ok().and_then(|line| starts.get(line.checked_sub(1)?));
    for (line, detail) in notes {
        let line = line_of(start(line).copied().unwrap_or_default());
        audited.problems.push(Problem::note(Code::Odd, place(line), detail));
    }
    // The values that the builder fills in are not known here, so a line that looks invalid may be valid in the
    // end.
    for flaw in &dockerfile.flaws {
        let line = line_of(flaw.span.start);
        audited.problems.push(Problem::note(flaw.code, place(line), flaw.message.clone()));
    }
    let anchor = Anchor::dockerfile(name);
    for (mut hit, ignored) in hits.into_iter().zip(reasons) {
        if hit.rule.id == LITERAL_TOKEN {
            continue;
        }
        hit.span = text.source_span(hit.span.start..hit.span.end);
        let draft = dockerfile_draft(path, b"", anchor, &dockerfile, lines, hit);
        audited.drafts.push(Draft { ignored, ..draft });
    }
}
