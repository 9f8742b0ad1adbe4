//! Earthfiles (Earthfile reference): the commands of `RUN`, and build arguments given to other targets.

use super::lines::{indentation, joined, name_length};
use crate::ci::{BuildArgument, Builder, CiFile, CiScript, Given, Job, shown};
use crate::mask::{Message, message};
use crate::shell;
use crate::text::Text;

pub(super) fn read(text: &Text, file: &mut CiFile) {
    let mut place = Message::own("the base target");
    for range in joined(text) {
        let line = text.slice(range);
        let bytes = line.as_bytes();
        let start = indentation(bytes);
        let line = line.slice(start..bytes.len());
        let word = name_length(line.as_bytes());
        let rest = line.slice(word..line.len());
        match line.as_bytes().get(..word).unwrap_or_default() {
            b"RUN" => run(&rest, &place, file),
            b"BUILD" | b"FROM" | b"COPY" | b"DO" => given(&rest, &place, file),
            _ if start == 0 && word > 0 && rest.as_bytes().starts_with(b":") => {
                place = message!("target {}", shown(&line.slice(0..word)));
            }
            _ => {}
        }
    }
}

/// Reads the command of `RUN`, without the options of Earthly before it.
fn run(rest: &Text, place: &Message, file: &mut CiFile) {
    let bytes = rest.as_bytes();
    let mut at = 0;
    loop {
        at += bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
        let word = bytes.get(at..).unwrap_or_default();
        if !word.starts_with(b"--") {
            break;
        }
        let takes_word = word.starts_with(b"--secret ") || word.starts_with(b"--mount ");
        for _ in 0..=usize::from(takes_word) {
            at += indentation(bytes.get(at..).unwrap_or_default());
            let word = bytes.get(at..).unwrap_or_default();
            at += word.iter().position(u8::is_ascii_whitespace).unwrap_or(word.len());
        }
    }
    let script = CiScript::shell(rest.slice(at..bytes.len()), place, &[]);
    file.job(Job { scripts: vec![script], is_one_shell: false });
}

/// Reads the build arguments for another target: `--build-arg NAME=value`, or `--NAME=value` behind it.
fn given(rest: &Text, place: &Message, file: &mut CiFile) {
    let commands = shell::commands(rest);
    let words: Vec<_> = commands.iter().flat_map(|command| &command.words).collect();
    let mut is_behind = false;
    let mut is_value = false;
    for word in words {
        let text = word.text.to_str();
        let option = text.strip_prefix("--");
        let start = if std::mem::take(&mut is_value) {
            Some(0)
        } else if let Some(rest) = option.and_then(|option| option.strip_prefix("build-arg")) {
            is_value = rest.is_empty();
            rest.starts_with('=').then_some("--build-arg=".len())
        } else {
            option.filter(|option| is_behind && option.contains('=')).map(|_| 2)
        };
        is_behind |= text.contains('+');
        if let Some(start) = start {
            let given = Given::Command(Builder::Earthly);
            let argument = word.text.slice(start..word.text.len());
            file.arguments.push(BuildArgument::from_text(&argument, place, given));
        }
    }
}
