//! Measures the number of Dockerfiles that one thread audits in a second.
//!
//! `bench-dockerfiles DIRECTORY` reads the Dockerfiles there. It parses each of them and runs all rules,
//! repeatedly for about a second, and prints the median rate of five rounds.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use stowaway::internals;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).ok_or("usage: bench-dockerfiles DIRECTORY")?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        files.push(std::fs::read(entry?.path())?);
    }
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let (start, mut audited, mut hits) = (Instant::now(), 0_u32, 0);
        while start.elapsed() < ROUND {
            for source in &files {
                hits += internals::dockerfile(source);
                audited += 1;
            }
        }
        black_box(hits);
        rates.push(f64::from(audited) / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let bytes: usize = files.iter().map(Vec::len).sum();
    println!("| Dockerfiles, one thread | bytes each, mean | audited in a second |\n| --- | ---: | ---: |");
    let mean = bytes.checked_div(files.len()).unwrap_or_default();
    println!(
        "| {} files | {mean} | {:.0} |",
        files.len(),
        rates.get(ROUNDS / 2).copied().unwrap_or_default()
    );
    Ok(())
}
