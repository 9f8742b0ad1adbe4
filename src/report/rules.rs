//! The rule catalogue as text.

use std::io::{self, Write};

use super::Style;
use crate::rules::Rule;

/// Writes a table of rules: id, severity, summary.
pub(crate) fn list(rules: &[&Rule], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    for rule in rules {
        let severity = style.severity(rule.severity, rule.severity);
        writeln!(out, "{:<width$}  {severity:<8}  {}", style.strong(rule.id), rule.summary)?;
    }
    Ok(())
}

/// Writes a full description of one rule.
pub(crate) fn explain(rule: &Rule, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", style.strong(rule.id), style.severity(rule.severity, rule.severity))?;
    writeln!(out, "{}", rule.summary)?;
    let fix = rule.fix.in_general();
    for (title, text, code) in [
        ("Why it matters", rule.why, false),
        ("Instead of", rule.bad, true),
        ("Write", rule.good, true),
        ("How to fix it", &fix, false),
    ] {
        writeln!(out, "\n{}", style.strong(title))?;
        for line in text.lines() {
            // Examples are not wrapped, so that they can be copied.
            let lines = if code { vec![line.to_owned()] } else { super::text::wrap(line, 96) };
            for line in lines {
                writeln!(out, "    {line}")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_lines_up() {
        insta::assert_snapshot!(written(|out| list(rules::image::IMAGE_RULES, Style::default(), out)));
    }

    #[test]
    fn one_rule_explained() {
        let rule = &rules::image::CACHED_TOKEN;
        insta::assert_snapshot!(written(|out| explain(rule, Style::default(), out)));
    }
}
