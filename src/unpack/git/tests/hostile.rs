//! Packs that nobody would make.
