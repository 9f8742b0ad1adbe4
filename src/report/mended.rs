//! The output of `stowaway fix`: the change as a unified diff, the remaining findings, and build instructions.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::{Style, escape};
use crate::finding::Masked;
use crate::finding::{Hunk, Leak, Line, Mending, Side};

/// Writes the changes. `is_written` is whether the file has already been changed.
pub(crate) fn render(
    mending: &Mending,
    is_written: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let path = escape(mending.path.as_str());
    if !is_written && !mending.hunks.is_empty() {
        writeln!(out, "{}", style.strong(format_args!("--- {path}")))?;
        writeln!(out, "{}", style.strong(format_args!("+++ {path}")))?;
        for each in &mending.hunks {
            hunk(each, style, out)?;
        }
        writeln!(out)?;
    }
    summary(mending, is_written, &path, out)?;
    if !mending.hunks.is_empty() {
        match mending.left.len() {
            0 if mending.unread.is_empty() => writeln!(out, "A scan of the mended file finds nothing.")?,
            0 => writeln!(
                out,
                "A scan of the mended file finds nothing, but not all that it copies could be read."
            )?,
            1 => writeln!(out, "A scan of the mended file finds this leak:")?,
            _ => writeln!(out, "A scan of the mended file finds these leaks:")?,
        }
    }
    for each in &mending.left {
        leak(each, is_written, &path, style, out)?;
    }
    if !mending.secrets.is_empty() {
        let secrets = list("--secret ", &mending.secrets);
        let file = match mending.path.as_str() {
            "Dockerfile" => String::new(),
            path => format!("-f {} ", word(path)),
        };
        writeln!(out, "Build with: docker build {secrets} {file}.")?;
    }
    if !mending.at_start.is_empty() && !mending.hunks.is_empty() {
        let names = list("-e ", &mending.at_start);
        writeln!(out, "If a container needs the token, start it with: docker run {names} …")?;
    }
    let addresses: BTreeSet<&str> = mending.kinds.iter().map(|kind| kind.revoke_address()).collect();
    for address in addresses {
        writeln!(out, "The file contained the text of a token: revoke it at {address}.")?;
    }
    let is_whole = |line: &Line| line.is_whole && shown(line) == line.text.as_str();
    if !is_written && !mending.hunks.iter().flat_map(|hunk| &hunk.lines).all(is_whole) {
        writeln!(out, "The diff does not show all text as it is: only `stowaway fix --write` can apply it.")?;
    }
    Ok(())
}

fn summary(mending: &Mending, is_written: bool, path: &str, out: &mut dyn Write) -> io::Result<()> {
    let leaks = |count: usize| if count == 1 { "1 leak".to_owned() } else { format!("{count} leaks") };
    let left = match mending.left.len() {
        0 => String::new(),
        count => format!(", {count} left"),
    };
    match (mending.hunks.is_empty(), mending.left.is_empty()) {
        (true, true) => writeln!(out, "{path}: nothing to mend"),
        (true, false) => {
            writeln!(out, "{path}: {}, none of which can be mended here", leaks(mending.left.len()))
        }
        (false, _) if is_written => writeln!(out, "{path}: {} mended{left}", leaks(mending.mended)),
        (false, _) => writeln!(out, "{path}: {} mended by this change{left}", leaks(mending.mended)),
    }
}

fn hunk(hunk: &Hunk, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let range = |(start, count): (usize, usize)| match count {
        1 => start.to_string(),
        count => format!("{start},{count}"),
    };
    writeln!(out, "@@ -{} +{} @@", range(hunk.before), range(hunk.after))?;
    for line in &hunk.lines {
        let text = shown(line);
        match line.side {
            Side::Both => write!(out, " {text}")?,
            Side::Before => write!(out, "{}", style.error(format_args!("-{text}")))?,
            Side::After => write!(out, "{}", style.good(format_args!("+{text}")))?,
        }
        match line.ending {
            "" => writeln!(out, "\n\\ No newline at end of file")?,
            ending => write!(out, "{ending}")?,
        }
    }
    Ok(())
}

/// Escapes what acts on a terminal or changes the order of the text. All else is kept, so that the diff can be
/// applied: tabs, blanks of other scripts, and the invisible parts of emoji.
fn shown(line: &Line) -> String {
    let is_shown = |c: char| c == '\t' || !(c.is_control() || turns(c));
    let parts = line.text.as_str().split_inclusive(|c| !is_shown(c));
    let parts = parts.map(|part| match part.char_indices().next_back().filter(|(_, c)| !is_shown(*c)) {
        Some((at, _)) => {
            let (before, acting) = part.split_at_checked(at).unwrap_or((part, ""));
            format!("{before}{}", escape(acting))
        }
        None => part.to_owned(),
    });
    parts.collect()
}

/// Returns true for the characters that turn the direction of the text around them, and for line separators.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn leak(leak: &Leak, is_written: bool, path: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let line = if is_written { leak.line_after } else { leak.line_before };
    let severity = style.severity(leak.severity, leak.severity);
    writeln!(out, "{path}:{line}: {severity}: {} [{}]", escape(leak.message.as_str()), leak.rule)?;
    if let Some(why) = &leak.why {
        writeln!(out, "  not mended: {}", escape(why.as_str()))?;
    }
    leak.help.as_str().lines().try_for_each(|line| writeln!(out, "  {}", escape(line)))
}

/// Formats words of a command line. Each one follows its option.
fn list(option: &str, words: &[Masked]) -> String {
    words.iter().map(|text| option.to_owned() + &word(text.as_str())).collect::<Vec<_>>().join(" ")
}

/// Formats a word of a command line, in quotes if a shell needs them.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", escape(text).replace('\'', "'\\''"))
}
