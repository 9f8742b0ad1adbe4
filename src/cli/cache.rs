//! The command `stowaway cache`, and the location of the user's cache.

use std::io::{self, Write};
use std::sync::Arc;

use indicatif::HumanBytes;

use super::{Failure, args, print, shown};
use crate::policy::Outcome;
use crate::verdict::DETECTOR;
use crate::verdict::cache::{Cache, Held, Summary, directory};

/// Opens the user's cache. Returns `None` if the environment names no directory for it.
pub(super) fn of_user() -> Option<Arc<Cache>> {
    let variable = |name| std::env::var_os(name);
    let directory = directory(variable("XDG_CACHE_HOME").as_deref(), variable("HOME").as_deref())?;
    Some(Arc::new(Cache::at(directory)))
}

/// Shows or removes the cache. A missing cache is not a failure.
pub(super) fn cache(asked: &args::Cache) -> Result<Outcome, Failure> {
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
                let size = HumanBytes(removed.bytes.unwrap_or_default());
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
        None => writeln!(out, "layers  unknown: the cache is in use or cannot be read")?,
    }
    writeln!(out, "size    {}", HumanBytes(summary.bytes.unwrap_or_default()))?;
    writeln!(out, "bound   {}", HumanBytes(summary.bound))
}

fn layers(number: u64) -> String {
    if number == 1 { "1 layer".to_owned() } else { format!("{number} layers") }
}
