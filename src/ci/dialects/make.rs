//! Makefiles (GNU make manual, "What Makefiles Contain"): recipes, and the variables that they use.

use super::lines::{command, indentation, joined, name_length};
use crate::ci::to_shell::from_make;
use crate::ci::{Carriers, CiFile, CiScript, Job, Variables, build_command, environment, shown};
use crate::mask::{Message, message};
use crate::text::Text;

pub(super) fn read(text: &Text, file: &mut CiFile) {
    let mut reader = Makefile::default();
    for range in joined(text) {
        reader.line(&text.slice(range));
    }
    let (exported, expanded) = reader.variables();
    for (target, recipe) in reader.recipes {
        let place =
            target.map_or_else(|| Message::own("a recipe"), |target| message!("target {}", shown(&target)));
        let scripts = recipe.into_iter().map(|line| {
            let mut script = CiScript::shell(line, &place, &[]);
            script.environment.extend(exported.clone());
            script.expanded.extend(expanded.clone());
            script
        });
        file.job(Job { scripts: scripts.collect(), is_one_shell: reader.is_one_shell });
    }
}

#[derive(Default)]
struct Makefile {
    /// The commands of each rule, in shell syntax, with its first target.
    recipes: Vec<(Option<Text>, Vec<Text>)>,
    /// The assignments in their order.
    assigned: Vec<(Text, Text)>,
    /// The names that `export` lists.
    exported: Vec<Vec<u8>>,
    exports_all: bool,
    is_one_shell: bool,
    /// The variable whose value `define` begins, with what was read of it.
    defined: Option<(Text, Text)>,
}

/// Words that may stand before an assignment.
const MODIFIERS: [&[u8]; 4] = [b"export", b"override", b"private", b"unexport"];

impl Makefile {
    fn line(&mut self, line: &Text) {
        let bytes = line.as_bytes();
        if self.defined.is_some() {
            self.definition(line);
        } else if bytes.first() == Some(&b'\t') {
            self.recipe(line);
        } else {
            self.statement(&line.slice(indentation(bytes)..bytes.len()));
        }
    }

    fn recipe(&mut self, line: &Text) {
        let line = command(&from_make(line));
        let bytes = line.as_bytes();
        if bytes.is_empty() || bytes.starts_with(b"#") {
            return;
        }
        if let Some((_, recipe)) = self.recipes.last_mut() {
            recipe.push(line);
        }
    }

    fn definition(&mut self, line: &Text) {
        if line.trimmed().as_bytes().starts_with(b"endef") {
            self.assigned.extend(self.defined.take());
        } else if let Some((_, value)) = &mut self.defined {
            let line = command(&from_make(line));
            value.push_text(&line, 0..line.len());
            let end = line.span().end;
            value.push(b" ", crate::text::Span::new(end, end));
        }
    }

    fn statement(&mut self, line: &Text) {
        let bytes = line.as_bytes();
        let word = name_length(bytes);
        let rest = line.slice(word..line.len()).trimmed();
        match bytes.get(..word).unwrap_or_default() {
            b"ifeq" | b"ifneq" | b"ifdef" | b"ifndef" | b"else" | b"endif" | b"include" | b"-include"
            | b"sinclude" | b"vpath" | b"undefine" => return,
            b"define" => {
                let name = rest.slice(0..name_length(rest.as_bytes()));
                self.defined = Some((name, Text::new()));
                return;
            }
            b"export" if rest.is_empty() => {
                self.exports_all = true;
                return;
            }
            modifier if MODIFIERS.contains(&modifier) && !rest.as_bytes().starts_with(b":") => {
                let is_export = modifier == b"export";
                if is_export {
                    self.export(&rest);
                }
                if assignment(&rest).is_some() {
                    self.statement(&rest);
                }
                return;
            }
            _ => {}
        }
        if bytes.starts_with(b"#") || bytes.is_empty() {
            return;
        }
        match assignment(line) {
            Some((name, value)) => self.assigned.push((name, from_make(&value))),
            None => self.rule(line),
        }
    }

    fn export(&mut self, names: &Text) {
        let bytes = names.as_bytes();
        let end = bytes.iter().position(|b| matches!(b, b'=' | b':' | b'?' | b'+')).unwrap_or(bytes.len());
        let names = bytes.get(..end).unwrap_or_default().split(u8::is_ascii_whitespace);
        self.exported.extend(names.filter(|name| !name.is_empty()).take(64).map(<[u8]>::to_vec));
    }

    /// Reads `targets: prerequisites`, which a command may follow behind a semicolon.
    fn rule(&mut self, line: &Text) {
        let Some(colon) = outside(line.as_bytes(), b":") else { return };
        let target = line.slice(0..name_length(line.as_bytes()));
        self.is_one_shell |= target.as_bytes() == b".ONESHELL";
        let rest = line.slice(colon + 1..line.len());
        // `target: NAME = value`
        if let Some((name, value)) = assignment(&rest.trimmed()) {
            self.assigned.push((name, from_make(&value)));
            return;
        }
        self.recipes.push((Some(target).filter(|target| !target.is_empty()), Vec::new()));
        if let Some(at) = outside(rest.as_bytes(), b";") {
            self.recipe(&rest.slice(at + 1..rest.len()));
        }
    }

    /// Returns the variables in the environment of commands, and those that make itself expands.
    fn variables(&mut self) -> (Option<Variables>, Option<Variables>) {
        let mut assigned = std::mem::take(&mut self.assigned);
        // Variables that hold a build command come before variables that only refer to others. The latter are listed
        // twice, so that they can refer to one another in any order.
        let matters = |(_, value): &(Text, Text)| {
            let text = value.to_str();
            text.contains("build-arg")
                || build_command::is_builder(text.trim())
                || Carriers::default().carries(&text)
        };
        assigned.sort_by_key(|pair| !matters(pair));
        let indirect: Vec<_> = assigned.iter().filter(|pair| !matters(pair)).take(64).cloned().collect();
        assigned.extend(indirect);
        let is_exported = |name: &Text| {
            self.exports_all || self.exported.iter().any(|exported| exported == name.as_bytes())
        };
        let (exported, expanded): (Vec<_>, Vec<_>) =
            assigned.into_iter().take(1 << 12).partition(|(name, _)| is_exported(name));
        let layer =
            |pairs: &[(Text, Text)]| environment(pairs.iter().map(|(name, value)| (name, Some(value))));
        (layer(&exported), layer(&expanded))
    }
}

/// Parses `NAME = value`, with any of make's operators.
fn assignment(line: &Text) -> Option<(Text, Text)> {
    let bytes = line.as_bytes();
    let name = name_length(bytes);
    let mut at = name + indentation(bytes.get(name..)?);
    while matches!(bytes.get(at), Some(b':' | b'?' | b'+' | b'!')) {
        at += 1;
    }
    let is_assignment = name > 0 && bytes.get(at) == Some(&b'=');
    is_assignment.then(|| (line.slice(0..name), line.slice(at + 1..bytes.len()).trimmed()))
}

/// Returns the place of a byte outside of references to variables.
fn outside(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && wanted.contains(byte) => return Some(at),
            _ => {}
        }
    }
    None
}
