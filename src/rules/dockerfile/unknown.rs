//! Credentials of unknown shape in the text of a Dockerfile. Reports hide them wherever they are.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::literal_token::{self, scripts_of};
use super::{Context, Hit, login_with_secret_mount};
use crate::detect::{Confidence, TokenSummary, carries_token, generated_in, may_be_credential, opaque_in};
use crate::dockerfile::{Arguments, Dockerfile, Instruction};
use crate::finding::Severity;
use crate::sensitive::{Name, Sensitive};
use crate::shell::{Step, StepKind, Word};
use crate::text::Span;

/// The longest script that is put together from its steps.
const LONGEST: usize = 1 << 20;

/// Returns the values of unknown shape that a Dockerfile gives to something of the Hub, with their quotes,
/// continuations and variables resolved.
pub(crate) fn literals(source: &[u8], dockerfile: &Dockerfile) -> Vec<Name> {
    in_context(&Context::new(source, dockerfile))
}

/// Returns the values of unknown shape that a text gives to something of the Hub.
pub(crate) fn in_text(text: &[u8]) -> Vec<Name> {
    opaque_in(text).into_iter().filter_map(|range| text.get(range)).map(Name::from).collect()
}

/// Returns hits for random values of unknown shape in instructions of which no rule reports anything, and in comments.
pub(crate) fn unreported(context: &Context<'_>, hits: &[Hit]) -> Vec<Hit> {
    let mut found = BTreeSet::new();
    for comment in &context.dockerfile.comments {
        let text = context.source.get(comment.span.start..comment.span.end).unwrap_or_default();
        let span =
            |value: Range<usize>| Span::new(comment.span.start + value.start, comment.span.start + value.end);
        found.extend(generated_in(text).into_iter().map(span));
    }
    // A hit does not stand for a value if its token is a mounted secret, or if it fails nothing.
    let is_of_text =
        |hit: &&Hit| hit.rule.id != login_with_secret_mount::RULE.id && hit.severity > Severity::Low;
    let holders = hits.iter().filter(is_of_text).filter_map(|hit| context.holder(hit.span.start));
    let reported: HashSet<usize> = holders.map(|instruction| instruction.span.start).collect();
    for (instruction, _) in context.instructions() {
        if !reported.contains(&instruction.span.start) {
            found.extend(in_instruction(context, instruction));
        }
    }
    let hit = |span| literal_token::hit(context, span, TokenSummary::unknown(), Confidence::Medium);
    found.into_iter().map(hit).collect()
}

/// Returns the spans of random values in an instruction. A value that only decoding puts together is placed where it
/// is whole, or else in the whole instruction.
fn in_instruction(context: &Context<'_>, instruction: &Instruction) -> BTreeSet<Span> {
    let Span { start, end } = instruction.span;
    let source = context.source.get(start..end).unwrap_or_default();
    let written = generated_in(instruction.text.as_bytes()).into_iter();
    let mut found: BTreeSet<Span> = written.map(|value| instruction.text.source_span(value)).collect();
    each_reading(context, instruction, |text| {
        for value in generated_in(text) {
            let value = text.get(value).unwrap_or_default();
            let at = memchr::memmem::find(source, value).map(|at| start + at);
            found.insert(at.map_or(instruction.span, |at| Span::new(at, at + value.len())));
        }
    });
    if found.len() > 1 {
        found.remove(&instruction.span);
    }
    found
}

/// Passes on the texts of an instruction in which quotes, escapes and variables are resolved.
fn each_reading(context: &Context<'_>, instruction: &Instruction, mut each: impl FnMut(&[u8])) {
    let acts = instruction.effective();
    acts.heredocs.iter().for_each(|heredoc| each(heredoc.body.as_bytes()));
    if let Arguments::Exec(words) = &acts.arguments {
        let words: Vec<&[u8]> = words.iter().map(crate::text::Text::as_bytes).collect();
        each(&Sensitive::from(words.join(&b' ')));
    }
    for steps in scripts_of(context, instruction) {
        each(&script(&steps));
    }
}

fn in_context(context: &Context<'_>) -> Vec<Name> {
    let mut found = Vec::new();
    let mut search = |text: &[u8]| found.extend(in_text(text));
    for comment in &context.dockerfile.comments {
        search(context.source.get(comment.span.start..comment.span.end).unwrap_or_default());
    }
    for (instruction, _) in context.instructions() {
        search(instruction.text.as_bytes());
        each_reading(context, instruction, &mut search);
    }
    for (instruction, scope) in context.instructions() {
        for pair in instruction.effective().pairs() {
            let Some(value) = pair.value.as_ref().map(|value| scope.expand(value)) else { continue };
            if carries_token(&pair.name.to_str(), value.as_str())
                && may_be_credential(value.as_str().as_bytes())
            {
                found.push(value.as_str().into());
            }
        }
    }
    found
}

/// Returns the steps of a script, one command a line, without quotes. Variables that an earlier step sets to a
/// literal are replaced.
fn script(steps: &[Step]) -> Sensitive {
    let mut out = Sensitive::default();
    let mut variables: Vec<(&str, Sensitive)> = Vec::new();
    for step in steps {
        if out.len() > LONGEST {
            break;
        }
        out.extend(if step.is_fed { b" | " } else { b"\n" });
        match &step.kind {
            StepKind::Program { name, arguments, assignments } => {
                for (variable, word) in assignments.iter().chain(&step.environment) {
                    let value = expanded(word, &variables);
                    out.extend(&[variable.as_bytes(), b"=", &value, b" "].concat());
                    variables.push((variable, value));
                }
                out.extend(name.as_bytes());
                for word in arguments {
                    let value = expanded(word, &variables);
                    out.push(b' ');
                    out.extend(&value);
                    if let Some((variable, value)) = assigned(word) {
                        variables.push((variable, value));
                    }
                }
                for word in &step.inputs {
                    out.extend(b" <<< ");
                    out.extend(&expanded(word, &variables));
                }
            }
            StepKind::Python(text) => out.extend(text.as_bytes()),
        }
        for word in &step.outputs {
            out.extend(b" > ");
            out.extend(&expanded(word, &variables));
        }
        for document in &step.documents {
            out.push(b'\n');
            out.extend(document.body.as_bytes());
        }
        // Each word looks at all of them.
        let most = variables.len().saturating_sub(MAX_VARIABLES);
        variables.drain(..most);
    }
    out
}

/// The number of variables that are remembered.
const MAX_VARIABLES: usize = 64;

/// Reads `NAME=value`, as `export` takes it.
fn assigned(word: &Word) -> Option<(&str, Sensitive)> {
    let text = std::str::from_utf8(word.text.as_bytes()).ok()?;
    let (name, value) = text.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| (name, value.into()))
}

fn expanded(word: &Word, variables: &[(&str, Sensitive)]) -> Sensitive {
    let mut text = Sensitive::from(word.text.as_bytes());
    for name in &word.variables {
        let Some((_, value)) = variables.iter().rev().find(|(known, _)| known == name) else { continue };
        for reference in [format!("${{{name}}}"), format!("${name}")] {
            let Some(at) = memchr::memmem::find(&text, reference.as_bytes()) else { continue };
            let (before, behind) = text.split_at(at);
            let behind = behind.get(reference.len()..).unwrap_or_default();
            if before.len() + value.len() + behind.len() <= LONGEST {
                text = [before, value, behind].concat().into();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    #[test]
    fn what_no_other_rule_reports_is_a_finding() {
        let secret = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";
        let hits = |text: &str| {
            let source = format!("FROM scratch\n{text}\n").replace("SECRET", secret);
            let found = crate::rules::dockerfile::check(source.as_bytes(), &parse(source.as_bytes()));
            let shown =
                |hit: &Hit| (hit.rule.id, source.get(hit.span.start..hit.span.end).unwrap() == secret);
            found.iter().map(shown).collect::<Vec<_>>()
        };
        for text in [
            "RUN export HF_TOKEN=SECRET && python x.py",
            "RUN HF_TOKEN=SECRET python x.py",
            "RUN curl -H \"Authorization: Bearer SECRET\" https://huggingface.co/x",
            "RUN curl -H \"Authorization: Bearer SECRET\" \\\n  https://huggingface.co/x",
            "RUN docker login -u u -p SECRET registry.hf.space",
            "RUN echo SECRET | docker login -u u --password-stdin registry.hf.space",
            "HEALTHCHECK CMD curl -H 'Authorization: Bearer SECRET' https://x.hf.space/",
            "LABEL hf_token=SECRET",
            "CMD [\"serve\", \"--hf-token\", \"SECRET\"]",
            "ENTRYPOINT serve --hf-token SECRET",
            "RUN <<EOF\nexport HF_TOKEN=SECRET\nEOF",
            "# HF_TOKEN=SECRET",
        ] {
            assert_eq!(hits(text), [(literal_token::RULE.id, true)], "{text}");
        }
        let beside_a_mount = "RUN --mount=type=secret,id=HF_TOKEN hf auth login --token $(cat /run/secrets/HF_TOKEN) && \
             curl -H 'Authorization: Bearer SECRET' https://huggingface.co/x";
        assert!(hits(beside_a_mount).contains(&(literal_token::RULE.id, true)), "{:?}", hits(beside_a_mount));
        for (text, rule) in [
            ("ENV HF_TOKEN=SECRET", "dockerfile/token-in-env"),
            ("ARG HF_TOKEN=SECRET", "dockerfile/token-in-arg"),
            ("RUN echo SECRET | hf auth login", "dockerfile/login-command"),
            ("RUN hf auth login --token SECRET", "dockerfile/login-command"),
            ("RUN echo SECRET > ~/.cache/huggingface/token", "dockerfile/token-written-to-file"),
        ] {
            let rules: Vec<_> = hits(text).into_iter().map(|(rule, _)| rule).collect();
            assert_eq!(rules, [rule], "{text}");
        }
        for text in [
            "RUN curl -H \"Authorization: Bearer SECRET\" https://example.org/x",
            "LABEL revision=SECRET",
            "RUN HF_TOKEN=your_token_here python x.py",
            "ENV HF_REVISION=SECRET",
        ] {
            assert_eq!(hits(text), [], "{text}");
        }
    }

    #[test]
    fn literals_are_put_together() {
        for run in [
            "echo SECRET | hf auth login",
            "echo 'SEC''RET' | hf auth login",
            "hf auth login --token SEC\"\"RET",
            "hf auth login --token SEC\\\nRET",
            "X=SECRET && hf auth login --token $X",
            "export X=SECRET; hf auth login --token \"${X}\"",
            "A=SEC B=RET; hf auth login --token $A$B",
            "python -c \"from huggingface_hub import login; login('SECRET')\"",
            "docker login -u u -p SECRET registry.hf.space",
            "echo \"machine huggingface.co login u password SECRET\" > ~/.netrc",
            "echo SECRET > ~/.cache/huggingface/token",
            "git clone https://u:SECRET@huggingface.co/a/b",
            "curl -H 'Authorization: Bearer SEC'RET https://huggingface.co/x",
            "HF_TOKEN=SEC\"RET\" python x.py",
            "printf 'url=https://huggingface.co\\nusername=u\\npassword=SECRET\\n' | git credential approve",
        ] {
            let run = run.replace("SEC", "Zq7umpmhsE").replace("RET", "JNpjJOQGarb");
            let source = format!("FROM scratch\nRUN {run}\n");
            let found = literals(source.as_bytes(), &parse(source.as_bytes()));
            assert!(found.iter().any(|found| **found == *b"Zq7umpmhsEJNpjJOQGarb"), "{run}");
        }
        let source = b"FROM a\nENV HF_TOKEN=Zq7um\"pmhsEJNpjJOQ\"Garb\n";
        assert!(literals(source, &parse(source)).iter().any(|found| **found == *b"Zq7umpmhsEJNpjJOQGarb"));
    }
}
