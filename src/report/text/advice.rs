//! The advice on the findings of a group.

use std::io::{self, Write};

use super::{WIDTH, entry, wrap};
use crate::finding::Finding;
use crate::report::{Style, escape};

/// The maximum number of places in a heading.
const NAMED: usize = 3;

struct Advice<'r> {
    help: &'r str,
    rules: Vec<&'r str>,
    places: Vec<String>,
}

/// Writes each piece of advice once, because the findings of one token usually share it. If they do not, a
/// heading names the findings that the advice is for.
pub(super) fn render(findings: &[&Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut advices: Vec<Advice<'_>> = Vec::new();
    for finding in findings.iter().filter(|finding| !finding.help.as_str().trim().is_empty()) {
        let help = finding.help.as_str();
        let at = advices.iter().position(|known| known.help == help).unwrap_or(advices.len());
        if at == advices.len() {
            advices.push(Advice { help, rules: Vec::new(), places: Vec::new() });
        }
        let Some(advice) = advices.get_mut(at) else { continue };
        add(&mut advice.rules, finding.rule.as_str());
        add(&mut advice.places, entry::place(finding));
    }
    let several = advices.len() > 1;
    for advice in advices {
        let whom = if several { advice.whom() } else { String::new() };
        for line in wrap(&format!("what to do{whom}"), WIDTH - 2) {
            writeln!(out, "  {}", style.strong(line))?;
        }
        // Line feeds are ours and give the advice its layout. Other line breaks, from foreign names, are escaped.
        for line in advice.help.trim_end().split('\n') {
            for line in wrap(&escape(line), WIDTH - 4) {
                writeln!(out, "{}", format!("    {line}").trim_end())?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

impl Advice<'_> {
    /// Names the findings, as in ` about dockerfile/literal-token at Dockerfile:3, Dockerfile:7 and 2 more`.
    fn whom(&self) -> String {
        let named: Vec<_> = self.places.iter().take(NAMED).map(String::as_str).collect();
        let more = match self.places.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(" about {} at {}{more}", self.rules.join(", "), named.join(", "))
    }
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
