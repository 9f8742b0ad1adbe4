//! The only types that hold token text.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::ops::Deref;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Bytes from outside that may be or contain a token.
///
/// They cannot be printed or serialised, and `Debug` shows only their length. They are wiped on drop, and the
/// old buffer is wiped when the buffer grows. [`Masked`](crate::mask::Masked) is the form that may be shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Sensitive(Zeroizing<Vec<u8>>);

impl Sensitive {
    /// Reads an input to its end.
    pub(crate) fn read(mut input: impl Read) -> io::Result<Self> {
        let mut bytes = Self::default();
        let mut buffer = Zeroizing::new(vec![0; 64 << 10]);
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return Ok(bytes),
                Ok(n) => bytes.extend(buffer.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Appends bytes.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Appends one byte.
    pub(crate) fn push(&mut self, byte: u8) {
        self.reserve(1);
        self.0.push(byte);
    }

    /// Appends `more` NULs, and returns them to be overwritten.
    pub(crate) fn grow(&mut self, more: usize) -> &mut [u8] {
        self.reserve(more);
        let len = self.0.len();
        self.0.resize(len + more, 0);
        self.0.get_mut(len..).unwrap_or_default()
    }

    /// Removes all bytes and wipes them. The capacity remains.
    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
        self.0.clear();
    }

    /// Removes the first `n` bytes. The space freed at the end is wiped.
    pub(crate) fn drop_front(&mut self, n: usize) {
        let n = n.min(self.0.len());
        let left = self.0.len() - n;
        self.0.copy_within(n.., 0);
        if let Some(freed) = self.0.get_mut(left..) {
            freed.fill(0);
        }
        self.0.truncate(left);
    }

    /// Grows the buffer by replacing it. A vector that grows by itself would not wipe its old buffer.
    fn reserve(&mut self, more: usize) {
        let len = self.0.len() + more;
        if len > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(len.max(2 * self.0.capacity()).max(64)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }
}

impl Deref for Sensitive {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Sensitive {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Sensitive {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<String> for Sensitive {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&[u8]> for Sensitive {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for Sensitive {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl PartialOrd for Sensitive {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sensitive {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Sensitive {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sensitive({} bytes)", self.len())
    }
}

/// A name or path from outside. It is cheap to clone, because many findings share one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(Arc<Sensitive>);

impl Name {
    /// Returns true if both are clones of the same name. Two names with equal bytes need not be.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Into<Sensitive>> From<T> for Name {
    fn from(bytes: T) -> Self {
        Self(Arc::new(bytes.into()))
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", Sensitive::from("secret")), "Sensitive(6 bytes)");
    }

    #[test]
    fn it_behaves_as_a_vector_of_bytes_does() {
        let mut bytes = Sensitive::default();
        let mut plain = Vec::new();
        for n in 0..300_u32 {
            let piece: Vec<u8> = n.to_le_bytes().repeat(n as usize % 7);
            bytes.extend(&piece);
            plain.extend_from_slice(&piece);
            bytes.push(b'x');
            plain.push(b'x');
            bytes.grow(2).fill(b'y');
            plain.extend_from_slice(b"yy");
            if n % 50 == 49 {
                bytes.drop_front(70);
                plain.drain(..70);
            }
            assert_eq!(*bytes, plain);
        }
        bytes.drop_front(usize::MAX);
        assert!(bytes.is_empty());
    }
}
