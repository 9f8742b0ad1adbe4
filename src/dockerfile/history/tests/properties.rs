//! Properties of any Dockerfile: lines that must be correct, and lines that must not be named.

use proptest::prelude::*;

use super::builders::{Builder, Step, render};
use super::{Given, past};
use crate::dockerfile::history::Recipe;
use crate::dockerfile::parse;

/// Generates stages without copies for which a history names neither the sources nor the destination. Of
/// two such copies, either may be the missing one.
fn told_stages() -> impl Strategy<Value = Vec<(bool, Vec<Step>)>> {
    stages_of_steps().prop_map(|mut stages| {
        let steps = stages.iter_mut().flat_map(|(_, steps)| steps);
        steps.filter(|step| step.kind == Step::UNTOLD).for_each(|step| step.kind = 0);
        stages
    })
}

/// Generates stages of steps. Each stage is based on the previous one or on an image of its own.
fn stages_of_steps() -> impl Strategy<Value = Vec<(bool, Vec<Step>)>> {
    let steps = prop::collection::vec((0..Step::KINDS, 0..3_u8), 1..8);
    prop::collection::vec((any::<bool>(), steps), 1..4).prop_map(|stages| {
        // Stages that are not based on each other share no step, so that no stage is the beginning of
        // another.
        let numbered = stages.into_iter().enumerate().map(|(stage, (goes_on, steps))| {
            let number =
                |(kind, number): (usize, u8)| Step { kind, number: stage * 10 + usize::from(number) };
            (goes_on && stage > 0, steps.into_iter().map(number).collect())
        });
        numbered.collect()
    })
}

proptest! {
    #[test]
    fn every_line_is_right(
        stages in stages_of_steps(),
        builder in prop::sample::select(&Builder::ALL[..]),
    ) {
        let rendered = render(&stages, builder);
        let given = Given::new(&rendered.source);
        let found = given.entries(&rendered.history());
        // A stage that leaves no entry fits any history, of which no entry is its own.
        let named = |lines: &Vec<u64>| lines.iter().any(|line| *line > 0);
        prop_assert_eq!(found.filter(named), rendered.lines().filter(named), "{}", rendered.source);
    }

    #[test]
    fn no_line_is_wrong_where_entries_are_missing(
        stages in told_stages(),
        builder in prop::sample::select(&Builder::ALL[..]),
        missing in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let mut rendered = render(&stages, builder);
        for index in missing {
            rendered.remove(index.index(rendered.entries.len()));
        }
        let given = Given::new(&rendered.source);
        for (found, right) in given.entries(&rendered.history()).iter().flatten().zip(&rendered.entries) {
            prop_assert!(*found == 0 || *found == right.line, "{}\n{:?}", rendered.source, rendered.entries);
        }
    }

    #[test]
    fn no_line_is_wrong_where_the_file_was_changed(
        stages in told_stages(),
        builder in prop::sample::select(&Builder::ALL[..]),
        at in any::<prop::sample::Index>(),
        inserted in (0..Step::KINDS, 0..3_usize),
        removes in any::<bool>(),
    ) {
        let rendered = render(&stages, builder);
        let mut changed = stages;
        let at_stage = changed.len() - 1;
        if let Some((_, steps)) = changed.last_mut() {
            let at = at.index(steps.len());
            let kind = if inserted.0 == Step::UNTOLD { 0 } else { inserted.0 };
            let step = Step { kind, number: at_stage * 10 + inserted.1 };
            if removes { steps[at] = step } else { steps.insert(at, step) }
        }
        let now = render(&changed, builder);
        let text = |source: &str, line: u64| source.lines().nth(usize::try_from(line).unwrap() - 1).map(str::to_owned);
        let given = Given::new(&now.source);
        for (found, right) in given.entries(&rendered.history()).iter().flatten().zip(&rendered.entries) {
            let is_right = || right.line > 0 && text(&now.source, *found) == text(&rendered.source, right.line);
            prop_assert!(*found == 0 || is_right(), "{}\n{}", rendered.source, now.source);
        }
    }

    #[test]
    fn nothing_makes_it_panic(
        source in "(FROM (a|scratch)( AS b)?\n)?((RUN|COPY|ENV|ARG|CMD|VOLUME) [ -~é]{0,12}\n){0,5}",
        history in prop::collection::vec("(RUN |/bin/sh -c |#\\(nop\\) |\\|1 |COPY |ENV )?[ -~é]{0,12}", 0..5),
    ) {
        let recipe = Recipe::new(parse(source.as_bytes()));
        let history: Vec<_> = history.iter().map(String::as_str).collect();
        let _ = recipe.line_up(&past(&history), &mut 100_000);
    }
}
