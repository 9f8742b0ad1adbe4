//! The lowest speed of a transfer. A registry that sends a byte now and then would otherwise hold a scan for ever, since
//! each byte comes in time.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::http::Response;
use ureq::{Body, BodyReader};

use crate::fault::{Code, Fault};

/// The time over which the speed is measured. Only time in which bytes are waited for counts.
const WINDOW: Duration = Duration::from_mins(1);
/// The number of bytes that have to come in that time: a kilobyte a second.
const LEAST: u64 = 60 * 1024;

/// Returns the body of a response. Reading it fails if it comes too slowly.
pub(super) fn body(response: Response<Body>) -> Paced<BodyReader<'static>> {
    Paced { inner: response.into_body().into_reader(), window: WINDOW, waited: Duration::ZERO, bytes: 0 }
}

/// A reader that has to give a minimum of bytes in a while.
pub(super) struct Paced<R> {
    inner: R,
    window: Duration,
    /// The time waited for bytes in the current window.
    waited: Duration,
    /// The bytes that came in it.
    bytes: u64,
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        let n = self.inner.read(out)?;
        self.waited += start.elapsed();
        self.bytes += n as u64;
        if self.waited >= self.window {
            if n > 0 && self.bytes < LEAST {
                let seconds = self.waited.as_secs();
                let detail =
                    format!("the registry sends too slowly: {} bytes in {seconds} seconds", self.bytes);
                return Err(Fault::io(Code::Unreachable, detail));
            }
            (self.waited, self.bytes) = (Duration::ZERO, 0);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of bytes, one by one with time between them, or all at once.
    struct Slow(usize);

    impl Read for Slow {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0 == 1 {
                std::thread::sleep(Duration::from_millis(1));
            }
            let n = out.len().min(self.0);
            out.get_mut(..n).unwrap_or_default().fill(b'x');
            Ok(n)
        }
    }

    #[test]
    fn a_byte_now_and_then_is_too_slow() {
        let read = |step: usize| {
            let slow = Slow(step).take(200_000);
            let window = Duration::from_millis(20);
            Paced { inner: slow, window, waited: Duration::ZERO, bytes: 0 }.read_to_end(&mut Vec::new())
        };
        let error = read(1).unwrap_err();
        assert_eq!(Code::of(&error), Code::Unreachable);
        assert!(error.to_string().starts_with("the registry sends too slowly: "), "{error}");
        assert_eq!(read(100_000).unwrap(), 200_000);
    }
}
