//! `stowaway cache`, and where the cache of whoever runs this lies.

use std::io::{self, Write};
use std::sync::Arc;

use super::{Failure, args, print, shown};
use crate::policy::Verdict;
use crate::verdict::DETECTOR;
use crate::verdict::cache::{Cache, Held, Summary, directory};

/// The user's cache; none where the environment names no place for one.
pub(super) fn of_user() -> Option<Arc<Cache>> {
    let variable = |name| std::env::var_os(name);
    let directory = directory(variable("XDG_CACHE_HOME").as_deref(), variable("HOME").as_deref())?;
    Some(Arc::new(Cache::at(directory)))
}

/// Shows or removes the cache. That there is none is no failure.
pub(super) fn cache(asked: &args::Cache) -> Result<Verdict, Failure> {
    let Some(cache) = of_user() else {
        return print(|out| {
            writeln!(out, "there is no cache: neither XDG_CACHE_HOME nor HOME names a directory for it")
        });
    };
    match asked {
        args::Cache::Show => print(|out| show(&cache.summary(DETECTOR), out)),
        args::Cache::Clear => match cache.clear(DETECTOR) {
            Ok(None) => print(|out| writeln!(out, "there is nothing to remove")),
            Ok(Some(removed)) => print(|out| {
                let size = size(removed.bytes.unwrap_or_default());
                match removed.held {
                    Some(held) => {
                        writeln!(out, "removed what was remembered of {}, {size}", layers(held.all()))
                    }
                    None => writeln!(out, "removed a file that could not be read, {size}"),
                }
            }),
            Err(error) => {
                let path = shown(cache.path().as_os_str());
                Err(Failure::new(format!("cannot remove {path}: {error}")))
            }
        },
    }
}

fn show(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "path    {}", shown(summary.path.as_os_str()))?;
    match summary.held {
        Some(Held { entries, outdated: 0 }) => writeln!(out, "layers  {entries}")?,
        Some(Held { entries, outdated }) => {
            writeln!(out, "layers  {entries}, and {outdated} of other versions of stowaway")?;
        }
        None => writeln!(out, "layers  not known: it is in use or cannot be read")?,
    }
    let bytes = summary.bytes.unwrap_or_default();
    writeln!(out, "size    {}", size(bytes))?;
    writeln!(out, "bound   {}", size(summary.bound))
}

fn layers(number: u64) -> String {
    if number == 1 { "1 layer".to_owned() } else { format!("{number} layers") }
}

/// A number of bytes, in the unit in which it is short.
fn size(bytes: u64) -> String {
    let tenths = |unit: u32| {
        let tenths = bytes.saturating_mul(10) >> unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", tenths(10)),
        _ => format!("{} MiB", tenths(20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (3 << 19, "1.5 MiB"),
            (256 << 20, "256.0 MiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
