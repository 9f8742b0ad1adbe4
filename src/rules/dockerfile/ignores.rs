//! Inline ignores: `# stowaway: ignore[RULE] reason` above an instruction, or between its lines.
//!
//! A note reports each ignore that has no reason, names an unknown rule or silences nothing. Silenced findings
//! stay in the report, with the reason. A token whose text is in the file is never silenced, because everyone who
//! reads the file has it.

use std::collections::BTreeMap;

use super::{DOCKERFILE_RULES, Hit, context_leaks_token, literal_token};
use crate::dockerfile::{Comment, Dockerfile};
use crate::mask::{Message, Quoted, message};
use crate::rules::nearest;
use crate::text::LineIndex;

/// The effect of the ignores of a file.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    /// For each hit, the reason for which it is silenced.
    pub(crate) reasons: Vec<Option<Message>>,
    /// The notes in order, each with the line of the comment and one sentence.
    pub(crate) notes: Vec<(u64, Message)>,
}

/// An ignore that can silence something.
struct Ignore {
    line: u64,
    /// The index of the instruction to which the ignore applies.
    instruction: usize,
    /// The rules, each with whether it silences a hit.
    rules: BTreeMap<&'static str, bool>,
    reason: Message,
}

/// The content of an ignore comment.
struct Request<'a> {
    rules: Vec<&'a str>,
    reason: &'a str,
}

/// The maximum number of names of one comment that a note shows.
const MAX_SHOWN: usize = 3;

/// Determines the hits that the file's own comments silence.
pub(crate) fn ignored(
    source: &[u8],
    dockerfile: &Dockerfile,
    lines: &LineIndex<'_>,
    hits: &[Hit],
) -> Ignored {
    let mut out = Ignored::default();
    let mut ignores = Vec::new();
    let text = |comment: &Comment| {
        String::from_utf8_lossy(source.get(comment.span.start..comment.span.end).unwrap_or_default())
    };
    for (comment, instruction) in dockerfile.comments.iter().zip(targets(source, dockerfile)) {
        let text = text(comment);
        let Some(asked) = asked(&text) else { continue };
        let line = lines.position(comment.span.start).line;
        let mut note = |message: Message| out.notes.push((line, message));
        let Some(request) = request(asked) else {
            note(message!("this ignore names no rule and silences nothing: write {}", Message::own(FORM)));
            continue;
        };
        if !request.reason.chars().any(char::is_alphanumeric) {
            note(message!("this ignore gives no reason and silences nothing: write {}", Message::own(FORM)));
            continue;
        }
        let mut rules = BTreeMap::new();
        let mut unknown = Vec::new();
        for name in &request.rules {
            match rule(name) {
                Some(id) => drop(rules.insert(id, false)),
                None => unknown.push(*name),
            }
        }
        if !unknown.is_empty() {
            note(unknown_rules(&unknown));
        }
        for tokens in [&literal_token::RULE, &context_leaks_token::RULE] {
            if rules.remove(&tokens.id).is_some() {
                note(message!("{} cannot be ignored: whoever reads the file has the token", tokens.id));
            }
        }
        if rules.is_empty() {
            continue;
        }
        match instruction {
            Some(instruction) => {
                ignores.push(Ignore {
                    line,
                    instruction,
                    rules,
                    reason: message!("{}", Quoted(request.reason.as_bytes())),
                });
            }
            None => note(Message::own("this ignore silences nothing: no instruction follows it directly")),
        }
    }
    out.reasons = silence(&mut ignores, dockerfile, hits);
    for Ignore { line, rules, .. } in ignores {
        for (rule, _) in rules.into_iter().filter(|(_, is_used)| !is_used) {
            let message =
                message!("this ignore of {} silences nothing: the instruction has no such finding", rule);
            out.notes.push((line, message));
        }
    }
    out.notes.sort_by_key(|(line, _)| *line);
    out
}

/// Returns, for each hit, the reason of the first ignore that applies to it, and marks that ignore as used.
fn silence(ignores: &mut [Ignore], dockerfile: &Dockerfile, hits: &[Hit]) -> Vec<Option<Message>> {
    let mut by_place: BTreeMap<(usize, &'static str), usize> = BTreeMap::new();
    for (index, ignore) in ignores.iter().enumerate() {
        for &rule in ignore.rules.keys() {
            by_place.entry((ignore.instruction, rule)).or_insert(index);
        }
    }
    let instructions = &dockerfile.instructions;
    let mut reason = |hit: &Hit| {
        let number = instructions.partition_point(|i| i.span.end <= hit.span.start);
        instructions.get(number).filter(|instruction| instruction.span.contains(hit.span.start))?;
        let ignore = ignores.get_mut(*by_place.get(&(number, hit.rule.id))?)?;
        *ignore.rules.get_mut(&hit.rule.id)? = true;
        Some(ignore.reason.clone())
    };
    hits.iter().map(&mut reason).collect()
}

/// Returns the index of the instruction to which each comment applies: the one that contains it, or the one
/// right below it, with nothing but comments between them.
fn targets(source: &[u8], dockerfile: &Dockerfile) -> Vec<Option<usize>> {
    let instructions = &dockerfile.instructions;
    let mut targets = Vec::new();
    // The start of the line below, and the instruction to which it leads.
    let mut below: Option<(usize, Option<usize>)> = None;
    for comment in dockerfile.comments.iter().rev() {
        let next = instructions.partition_point(|i| i.span.end <= comment.span.start);
        let instruction = instructions.get(next);
        if instruction.is_some_and(|instruction| instruction.span.contains(comment.span.start)) {
            targets.push(Some(next));
            continue;
        }
        let first = instruction.map(|instruction| (instruction.span.start, Some(next)));
        let nearest = first.into_iter().chain(below).min_by_key(|(start, _)| *start);
        let target = nearest.and_then(|(start, target)| {
            let between = source.get(comment.span.end..start)?;
            let is_next = memchr::memchr_iter(b'\n', between).count() == 1;
            target.filter(|_| is_next)
        });
        below = Some((comment.span.start, target));
        targets.push(target);
    }
    targets.reverse();
    targets
}

const FORM: &str = "`# stowaway: ignore[RULE] reason`";

/// Returns the text after `# stowaway: ignore`, if the comment begins that way.
fn asked(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches('#').trim_start();
    let rest = text.strip_prefix("stowaway:")?.trim_start().strip_prefix("ignore")?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    (!rest.starts_with(is_word)).then_some(rest)
}

fn request(asked: &str) -> Option<Request<'_>> {
    let (names, reason) = asked.trim_start().strip_prefix('[')?.split_once(']')?;
    let rules: Vec<_> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    (!rules.is_empty()).then(|| Request { rules, reason: reason.trim() })
}

/// Returns the Dockerfile rule with that name, given with or without its family.
fn rule(name: &str) -> Option<&'static str> {
    let ids = DOCKERFILE_RULES.iter().map(|rule| rule.id);
    let is_named = |id: &&str| *id == name || id.strip_prefix("dockerfile/") == Some(name);
    ids.into_iter().find(is_named)
}

fn unknown_rules(names: &[&str]) -> Message {
    let mut shown = Message::default();
    for (n, name) in names.iter().take(MAX_SHOWN).enumerate() {
        let comma = Message::own(if n > 0 { ", " } else { "" });
        shown = message!("{}{}`{}`", shown, comma, Quoted(name.as_bytes()));
    }
    let more = Message::own(if names.len() > MAX_SHOWN { ", …" } else { "" });
    let is_near = |rule: &&super::Rule| rule.id.starts_with("dockerfile/");
    let near = names.first().filter(|name| name.len() < 100).and_then(|name| nearest(name)).filter(is_near);
    let near = near.map_or_else(Message::default, |rule| message!("; did you mean {}?", rule.id));
    let what = Message::own(if names.len() == 1 { "a rule" } else { "rules" });
    message!("this ignore names {} that Dockerfiles do not have: {}{}{}", what, shown, more, near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn token() -> String {
        format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx")
    }

    /// Returns the rules that are not silenced, the notes as `LINE: TEXT`, and the reasons.
    fn run(source: &str) -> (Vec<&'static str>, Vec<String>, Vec<String>) {
        let source = source.replace("@TOKEN@", &token());
        let dockerfile = parse(source.as_bytes());
        let hits = super::super::check(source.as_bytes(), &dockerfile);
        let ignored = ignored(source.as_bytes(), &dockerfile, &LineIndex::new(source.as_bytes()), &hits);
        let left = hits.iter().zip(&ignored.reasons).filter(|(_, reason)| reason.is_none());
        let left = left.map(|(hit, _)| hit.rule.id.trim_start_matches("dockerfile/")).collect();
        let notes: Vec<_> = ignored.notes.iter().map(|(line, note)| format!("{line}: {note}")).collect();
        assert!(notes.iter().all(|note| !note.contains(token().split_at(10).1)), "{notes:?}");
        let reasons =
            ignored.reasons.iter().flatten().map(|reason| reason.seal().as_str().to_owned()).collect();
        (left, notes, reasons)
    }

    const LOGIN: &str = "RUN hf auth login --token x\n";

    #[test]
    fn an_ignore_silences_its_rule_on_its_instruction_and_gives_the_reason() {
        for (source, line) in [
            (format!("FROM a\n# stowaway: ignore[login-command] it is a mock\n{LOGIN}"), 2),
            (format!("FROM a\n#stowaway:ignore[dockerfile/login-command]  it is a mock \r\n  {LOGIN}"), 2),
            (format!("# stowaway: ignore[login-command] it is a mock\nFROM a\n{LOGIN}"), 0),
            (format!("FROM a\n# stowaway: ignore[login-command] it is a mock\n# why\n\t# else\n{LOGIN}"), 2),
            (format!("FROM a\n# stowaway: ignore[login-command] it is a mock\n\n{LOGIN}"), 0),
            (format!("FROM a\n# stowaway: ignore[login-command] it is a mock\nRUN x\n{LOGIN}"), 0),
            (format!("FROM a\n{LOGIN}# stowaway: ignore[login-command] it is a mock\n"), 0),
            (
                "FROM a\nRUN x && \\\n# stowaway: ignore[login-command] it is a mock\n hf auth login\n"
                    .into(),
                3,
            ),
            (format!("FROM a\nRUN x && \\\n# stowaway: ignore[login-command] it is a mock\n y\n{LOGIN}"), 0),
            (format!("FROM a\n# stowaway: ignore[login-command] it is a mock\nONBUILD {LOGIN}"), 2),
        ] {
            let (left, notes, reasons) = run(&source);
            assert_eq!(left.is_empty(), line > 0, "{source}");
            if line > 0 {
                assert_eq!((notes.len(), &reasons[..]), (0, &["it is a mock".to_owned()][..]), "{notes:?}");
            } else {
                assert!(notes.len() == 1 && notes[0].contains("silences nothing"), "{source}: {notes:?}");
            }
        }
    }

    #[test]
    fn several_rules_and_several_findings() {
        let (left, notes, reasons) = run("FROM a\nARG X\n\
             # stowaway: ignore[token-in-env, dockerfile/token-in-arg] both are for tests\n\
             ENV HF_TOKEN=hunter2hunter2 HF_KEY=hunter2hunter3\n");
        assert_eq!(left, Vec::<&str>::new());
        assert_eq!((notes.len(), reasons.len()), (1, 2));
        assert!(notes[0].contains("ignore of dockerfile/token-in-arg silences nothing"), "{notes:?}");
        let twice = format!(
            "FROM a\n# stowaway: ignore[login-command] one\n# stowaway: ignore[login-command] two\n{LOGIN}"
        );
        let (left, notes, reasons) = run(&twice);
        assert!(left.is_empty() && reasons == ["one"], "{notes:?}");
        assert!(notes[0].starts_with("3: this ignore of dockerfile/login-command silences nothing"));
    }

    #[test]
    fn what_is_no_ignore_silences_nothing() {
        for (comment, said) in [
            ("# stowaway: ignore[login-command]", "gives no reason"),
            ("# stowaway: ignore[login-command] --", "gives no reason"),
            ("# stowaway: ignore", "names no rule"),
            ("# stowaway: ignore login-command because", "names no rule"),
            ("# stowaway: ignore[] because", "names no rule"),
            ("# stowaway: ignore[login-comand] because", "did you mean dockerfile/login-command?"),
            ("# stowaway: ignore[image/token-in-file] because", "that Dockerfiles do not have"),
            (
                "# stowaway: ignore[a, b, c, d] because",
                "rules that Dockerfiles do not have: `a`, `b`, `c`, …",
            ),
            ("# stowaway: ignore[token-in-arg] because", "the instruction has no such finding"),
        ] {
            let (left, notes, _) = run(&format!("FROM a\n{comment}\n{LOGIN}"));
            assert_eq!(left, ["login-command"], "{comment}");
            assert!(notes.len() == 1 && notes[0].contains(said), "{comment}: {notes:?}");
        }
        for comment in ["# stowaway: ignored", "# stowaway looks at this", "# ignore[login-command] x"] {
            let (left, notes, _) = run(&format!("FROM a\n{comment}\n{LOGIN}"));
            assert!(left == ["login-command"] && notes.is_empty(), "{comment}");
        }
    }

    #[test]
    fn a_token_in_the_file_is_never_silenced() {
        let (left, notes, reasons) =
            run("FROM a\n# stowaway: ignore[literal-token, token-in-env] @TOKEN@ is dead\n\
             ENV HF_TOKEN=@TOKEN@\n# stowaway: ignore[@TOKEN@] x\nRUN y\n");
        assert_eq!(left, ["literal-token", "literal-token", "literal-token"]);
        assert!(notes[0].contains("dockerfile/literal-token cannot be ignored"), "{notes:?}");
        assert!(reasons.len() == 1 && reasons[0].contains('…'), "{reasons:?}");
    }

    #[test]
    fn many_ignores_take_no_longer_each() {
        let comments = "# stowaway: ignore[login-command] x\n".repeat(20_000);
        let (left, notes, reasons) = run(&format!("FROM a\n{comments}{LOGIN}"));
        assert_eq!((left.len(), notes.len(), reasons.len()), (0, 19_999, 1));
    }
}
