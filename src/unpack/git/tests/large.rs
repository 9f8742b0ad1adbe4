//! Packs that do not fit in memory.
