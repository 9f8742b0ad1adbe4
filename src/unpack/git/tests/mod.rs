//! Repositories that git makes, and packs that nobody would.

mod hostile;
mod large;
mod repositories;
mod shuffle;
mod support;
