//! Repositories that git makes, and packs that it would never make.

mod handmade;
mod hostile;
mod large;
mod repositories;
mod shuffle;
mod support;
