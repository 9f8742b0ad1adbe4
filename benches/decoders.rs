//! Measures the cost of the search for encoded tokens and in nested files, compared with a search for the plain
//! prefixes.
//!
//! `bench-decoders ARCHIVE` walks the plain layers of an image archive three times a round. Each time, it
//! searches the files in a different way. It prints the medians of five rounds.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use regex::bytes::Regex;
use stowaway::internals::{Body, for_each_file};

const ROUNDS: usize = 5;

fn timed(archive: &Path, search: impl FnMut(Body<'_>) -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    for_each_file(archive, search)?;
    Ok(start.elapsed())
}

fn main() -> Result<(), Box<dyn Error>> {
    let archive = std::env::args_os().nth(1).ok_or("which archive?")?;
    let archive = Path::new(&archive);
    let prefixes = Regex::new("(?-u)hf_|api_org_")?;
    let mut times = [const { Vec::new() }; 3];
    let mut found = [0_usize; 3];
    for _ in 0..ROUNDS {
        found = [0; 3];
        times[0].push(timed(archive, |mut body| {
            body.pieces(|piece| found[0] += prefixes.find_iter(piece).count())
        })?);
        times[1].push(timed(archive, |mut body| {
            found[1] += body.tokens()?;
            Ok(())
        })?);
        times[2].push(timed(archive, |mut body| {
            found[2] += body.tokens_within()?;
            Ok(())
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
