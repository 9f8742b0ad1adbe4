//! What looking for encoded tokens and for files within files costs, beside a search for the prefixes as they are.
//!
//! `bench-decoders ARCHIVE` walks the plain layers of an image archive three times a round, with a different search of
//! their files each time, and prints the medians of five rounds.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use regex::bytes::Regex;
use stowaway::detect::Scanner;
use stowaway::stream::{Bounds, Entry, Gap, Peek, Visit, Window, begins_tar, walk};
use stowaway::unpack::{Origin, Unpacker};

const ROUNDS: usize = 5;

/// Searches the body of every file.
struct Files<F>(F);

impl<F: FnMut(&mut dyn Peek) -> io::Result<()>> Visit for Files<F> {
    fn gap(&mut self, _: &Gap<'_>) {}

    fn entry(&mut self, _: &Entry, body: &mut dyn Peek) -> io::Result<()> {
        (self.0)(body)
    }

    fn rest(&mut self, _: Bounds, _: &mut dyn BufRead) -> io::Result<()> {
        Ok(())
    }
}

fn timed(
    archive: &str,
    mut search: impl FnMut(&mut dyn Peek) -> io::Result<()>,
) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut layers = Files(|layer: &mut dyn Peek| {
        if !begins_tar(layer.peek(512)?) {
            return Ok(());
        }
        walk(&mut Window::new(layer), &mut Files(&mut search)).map_err(io::Error::other)
    });
    walk(&mut Window::new(File::open(archive)?), &mut layers)?;
    Ok(start.elapsed())
}

/// Shows a body, piece by piece.
fn pieces(body: &mut dyn Peek, mut see: impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        let view = body.fill_buf()?;
        if view.is_empty() {
            return Ok(());
        }
        see(view);
        let n = view.len();
        body.consume(n);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let archive = std::env::args().nth(1).ok_or("which archive?")?;
    let prefixes = Regex::new("(?-u)hf_|api_org_")?;
    let mut times = [const { Vec::new() }; 3];
    let mut found = [0_usize; 3];
    for _ in 0..ROUNDS {
        found = [0; 3];
        times[0].push(timed(&archive, |body| {
            pieces(body, |piece| found[0] += prefixes.find_iter(piece).count())
        })?);
        times[1].push(timed(&archive, |body| {
            let mut scanner = Scanner::new();
            let outcome = pieces(body, |piece| scanner.feed(piece));
            found[1] += scanner.finish().len();
            outcome
        })?);
        times[2].push(timed(&archive, |body| {
            let (all, outcome) = Unpacker::new().search(Origin::default(), body);
            found[2] += all.occurrences.len();
            outcome
        })?);
    }
    let median = |times: &[Duration]| {
        let mut times = times.to_vec();
        times.sort();
        times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64)
    };
    let plain = median(&times[0]);
    println!("| search of the files, one thread | found | median, s | × the prefixes alone |");
    println!("| --- | ---: | ---: | ---: |");
    for (name, times, found) in [
        ("prefixes alone, no judgement (`regex`)", &times[0], found[0]),
        ("tokens, plain and in every encoding", &times[1], found[1]),
        ("the same, and files within files", &times[2], found[2]),
    ] {
        println!("| {name} | {found} | {:.2} | {:.2} |", median(times), median(times) / plain);
    }
    Ok(())
}
