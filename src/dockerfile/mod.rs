//! Dockerfiles: text to instructions with exact spans.
