//! What an image is.
