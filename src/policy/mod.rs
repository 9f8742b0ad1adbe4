//! Threshold and verdict.
