//! Justfiles (just manual, "Recipes"): recipes, and the variables that they use.

use super::lines::{command, indentation, joined, name_length};
use crate::ci::to_shell::{from_just, just_value, script};
use crate::ci::{CiFile, CiScript, Job, Variables, environment, shown};
use crate::mask::message;
use crate::text::Text;

pub(super) fn read(text: &Text, file: &mut CiFile) {
    let mut reader = Justfile::default();
    for range in joined(text) {
        reader.line(&text.slice(range));
    }
    let layer = |pairs: &[(Text, Text)]| environment(pairs.iter().map(|(name, value)| (name, Some(value))));
    let (mut exported, mut expanded) = (reader.exported, reader.expanded);
    if reader.exports_all {
        exported.append(&mut expanded);
    }
    let outer = [layer(&exported), layer(&expanded)];
    for recipe in reader.recipes {
        file.job(recipe.job(&outer));
    }
}

#[derive(Default)]
struct Justfile {
    recipes: Vec<Recipe>,
    exported: Vec<(Text, Text)>,
    expanded: Vec<(Text, Text)>,
    /// `set export`
    exports_all: bool,
}

struct Recipe {
    name: Text,
    /// The parameters with a `$`, which are in the environment of the commands.
    exported: Option<Variables>,
    lines: Vec<Text>,
}

impl Justfile {
    fn line(&mut self, line: &Text) {
        let bytes = line.as_bytes();
        if indentation(bytes) > 0 || bytes.is_empty() {
            if let Some(recipe) = self.recipes.last_mut() {
                recipe.lines.push(line.clone());
            }
            return;
        }
        let start = usize::from(bytes.starts_with(b"@"));
        let name = line.slice(start..start + name_length(bytes.get(start..).unwrap_or_default()));
        let rest = line.slice(start + name.len()..line.len()).trimmed();
        match name.as_bytes() {
            b"" | b"alias" | b"import" | b"mod" | b"unexport" => {}
            b"set" => self.exports_all |= rest.as_bytes().starts_with(b"export"),
            b"export" => self.assignment(&rest, true),
            _ if rest.as_bytes().starts_with(b":=") => self.assignment(line, false),
            _ => {
                let exported = parameters(&rest);
                self.recipes.push(Recipe { name, exported, lines: Vec::new() });
            }
        }
    }

    fn assignment(&mut self, line: &Text, is_exported: bool) {
        let bytes = line.as_bytes();
        let Some(at) = memchr::memmem::find(bytes, b":=") else { return };
        let pair = (line.slice(0..name_length(bytes)), just_value(&line.slice(at + 2..bytes.len())));
        if is_exported { self.exported.push(pair) } else { self.expanded.push(pair) }
    }
}

/// Returns the exported parameters (`$NAME`) of the head of a recipe.
fn parameters(head: &Text) -> Option<Variables> {
    let bytes = head.as_bytes();
    let mut pairs = Vec::new();
    for at in memchr::memchr_iter(b'$', bytes).take(64) {
        let length = name_length(bytes.get(at + 1..).unwrap_or_default());
        let name = head.slice(at + 1..at + 1 + length);
        let mut value = Text::new();
        value.push(format!("${{{}}}", name.to_str()).as_bytes(), name.span());
        pairs.push((name, value));
    }
    environment(pairs.iter().map(|(name, value)| (name, Some(value))))
}

impl Recipe {
    fn job(self, outer: &[Option<Variables>; 2]) -> Job {
        let place = message!("recipe {}", shown(&self.name));
        let [exported, expanded] = outer;
        let with_variables = |mut script: CiScript| {
            script.environment.extend(exported.iter().chain(&self.exported).cloned());
            script.expanded.extend(expanded.clone());
            script
        };
        let first = self.lines.first().map(Text::trimmed).unwrap_or_default();
        // A recipe that begins with `#!` is one script.
        if let Some(program) = first.to_str().strip_prefix("#!") {
            let program = program.trim().replace("/usr/bin/env ", "");
            let mut text = Text::new();
            for line in &self.lines {
                let line = from_just(line);
                text.push_text(&line, 0..line.len());
                let end = line.span().end;
                text.push(b"\n", crate::text::Span::new(end, end));
            }
            let script = CiScript::new(script(&program, text), &place, &[]);
            return Job { scripts: vec![with_variables(script)], is_one_shell: false };
        }
        let commands = self.lines.iter().map(|line| command(&from_just(line)));
        let commands = commands.filter(|line| !line.is_empty() && line.byte(0) != Some(b'#'));
        let scripts = commands.map(|line| with_variables(CiScript::shell(line, &place, &[]))).collect();
        Job { scripts, is_one_shell: false }
    }
}
