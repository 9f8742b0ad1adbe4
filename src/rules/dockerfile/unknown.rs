//! Credentials of unknown shape in the text of a Dockerfile. Reports hide them wherever they are.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::readings::each_reading;
use super::{Context, Hit, literal_token, login_with_secret_mount};
use crate::detect::{
    self, Confidence, TokenSummary, carries_token, generated_in, may_be_credential, opaque_in,
};
use crate::dockerfile::{Dockerfile, Instruction, parse};
use crate::finding::Severity;
use crate::sensitive::Name;
use crate::text::Span;

/// Returns the values of unknown shape that a Dockerfile gives to something of the Hub, with their quotes,
/// continuations and variables resolved.
pub(crate) fn literals(source: &[u8], dockerfile: &Dockerfile) -> Vec<Name> {
    in_context(&Context::new(source, dockerfile))
}

/// Returns the values of unknown shape that a text gives to something of the Hub.
pub(crate) fn in_text(text: &[u8]) -> Vec<Name> {
    opaque_in(text).into_iter().filter_map(|range| text.get(range)).map(Name::from).collect()
}

/// The secrets in the instructions of an image's history.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The tokens, and the values of unknown shape that are findings.
    pub(crate) found: Vec<(TokenSummary, Confidence, Name)>,
    /// The values of unknown shape that must not be shown.
    pub(crate) hidden: Vec<Name>,
}

/// Returns what the instructions of a history hold, with their quotes, continuations and variables resolved.
pub(crate) fn held(source: &[u8]) -> Held {
    let dockerfile = parse(source);
    let context = Context::new(source, &dockerfile);
    let mut held = Held { hidden: in_context(&context), ..Held::default() };
    let mut search = |text: &[u8]| {
        let value = |range: Range<usize>| text.get(range).map(Name::from);
        for occurrence in detect::find(text).into_iter().filter(|occurrence| occurrence.via.is_empty()) {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(token) = value(place(occurrence.at.start)..place(occurrence.at.end)) {
                held.found.push((occurrence.token, occurrence.confidence, token));
            }
        }
        let unknown = generated_in(text).into_iter().filter_map(value);
        held.found.extend(unknown.map(|value| (TokenSummary::unknown(), Confidence::Medium, value)));
    };
    for (instruction, scope) in context.instructions() {
        search(instruction.text.as_bytes());
        each_reading(&context, instruction, &mut search);
        for pair in instruction.effective().pairs() {
            if let Some(value) = &pair.value {
                let value = scope.expand(value);
                search(format!("{}={}", pair.name.to_str(), value.as_str()).as_bytes());
            }
        }
    }
    held
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
        each_reading(context, instruction, |text| found.extend(put_together(context.source, text)));
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

/// Returns the tokens of a reading that stand in the source in pieces only.
fn put_together<'t>(source: &[u8], text: &'t [u8]) -> impl Iterator<Item = Name> + use<'t> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let tokens: Vec<&[u8]> = detect::find(text)
        .into_iter()
        .filter(|occurrence| occurrence.via.is_empty())
        .filter_map(|occurrence| text.get(place(occurrence.at.start)..place(occurrence.at.end)))
        .filter(|token| memchr::memmem::find(source, token).is_none())
        .take(MAX_PUT_TOGETHER)
        .collect();
    tokens.into_iter().map(Name::from)
}

/// The number of tokens in pieces that are looked for in one reading.
const MAX_PUT_TOGETHER: usize = 64;

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
            "RUN cat <<EOF > /root/.cache/huggingface/token\nSECRET\nEOF",
            "RUN cat > ~/.cache/huggingface/token <<EOF\nSECRET\nEOF",
            "RUN tee /root/.cache/huggingface/token <<EOF\nSECRET\nEOF",
            "RUN cat <<-EOF > /root/.cache/huggingface/token\n\tSECRET\n\tEOF",
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
            "python -c \"from huggingface_hub import login; login('SEC' + 'RET')\"",
            "echo 'SEC''RET' > ~/.cache/huggingface/token",
            "cat <<EOF > ~/.cache/huggingface/token\nSECRET\nEOF",
            "echo WnE3dW1wbWhzRUpOcGpKT1FHYXJi | base64 -d | hf auth login",
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
        for text in [
            "FROM a\nARG X=SECRET\nRUN hf auth login --token $X",
            "FROM a\nARG X='SEC'\"RET\"\nRUN hf auth login --token \"${X}\"",
            "FROM a\nARG X=SEC\\\nRET\nRUN hf auth login --token $X",
            "ARG X=SECRET\nFROM a\nARG X\nRUN hf auth login --token $X",
            "FROM a AS b\nARG X=SECRET\nFROM b\nRUN hf auth login --token $X",
            "FROM a\nARG X=SECRET\nLABEL a=$X\nRUN echo $X | hf auth login",
            "FROM a\nARG X=WnE3dW1wbWhzRUpOcGpKT1FHYXJi\nRUN hf auth login --token $(echo $X | base64 -d)",
            "FROM a\nARG X=SECRET\nRUN python -c \"import os; from huggingface_hub import login; login(os.environ['X'])\"",
            "FROM a\nARG X\nRUN hf auth login --token ${X:-SEC\"RET\"}",
            "FROM a\nRUN python -c 'import huggingface_hub as h; h.login(\"SEC\" \"RET\")'",
            "FROM a\nRUN python -c 'from huggingface_hub import login as l; l(\"SECRET\")'",
        ] {
            let source = text.replace("SEC", "Zq7umpmhsE").replace("RET", "JNpjJOQGarb");
            let found = literals(source.as_bytes(), &parse(source.as_bytes()));
            assert!(found.iter().any(|found| **found == *b"Zq7umpmhsEJNpjJOQGarb"), "{text}");
        }
        let source = b"FROM a\nENV HF_TOKEN=Zq7um\"pmhsEJNpjJOQ\"Garb\n";
        assert!(literals(source, &parse(source)).iter().any(|found| **found == *b"Zq7umpmhsEJNpjJOQGarb"));
    }
}
