//! The bytes of a blob as they arrive. A connection that ends early is taken up again at the byte where it ended.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use ureq::Body;
use ureq::http::{Response, StatusCode, header};

use super::client::{Client, RETRIES, Request};
use super::pace;
use crate::fault::{Code, Fault};

/// The number of bytes with which a transfer that breaks off has been of use.
const PROGRESS: u64 = 64 << 10;

/// A reader of a blob.
pub(super) struct Fetch {
    client: Arc<Client>,
    path: String,
    accept: &'static str,
    /// The size that the descriptor of the blob gives.
    size: u64,
    at: u64,
    body: Option<Box<dyn Read + Send>>,
    /// The offset at which the transfer was taken up.
    since: u64,
    /// The number of times that the transfer ended and had brought next to nothing.
    tries: u32,
}

impl Fetch {
    pub(super) fn new(client: Arc<Client>, path: String, accept: &'static str, size: u64) -> Self {
        Self { client, path, accept, size, at: 0, body: None, since: 0, tries: 0 }
    }

    fn open(&mut self) -> io::Result<Box<dyn Read + Send>> {
        let request = Request { path: &self.path, accept: self.accept, from: self.at, until: None };
        let response = self.client.get(request)?;
        let is_rest = response.status() == StatusCode::PARTIAL_CONTENT;
        if is_rest && first_byte(&response) != Some(self.at) {
            return Err(Fault::io(Code::Corrupt, "the registry sends another part than it was asked for"));
        }
        let mut body: Box<dyn Read + Send> = Box::new(pace::body(response));
        if !is_rest {
            // The registry begins again. What is known is passed over.
            io::copy(&mut (&mut body).take(self.at), &mut io::sink())?;
        }
        Ok(body)
    }

    fn read_once(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut body = match self.body.take() {
            Some(body) => body,
            None => self.open()?,
        };
        let n = match body.read(out) {
            // A length that the response announces counts for less than the one of the descriptor.
            Err(_) if self.at > 0 && self.at == self.size => 0,
            outcome => outcome?,
        };
        if n == 0 && self.at < self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += n as u64;
        if self.at > self.size {
            return Err(Fault::io(Code::Corrupt, "the registry sends more than the descriptor says"));
        }
        self.body = Some(body);
        Ok(n)
    }
}

impl Read for Fetch {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let error = match self.read_once(out) {
                Ok(n) => return Ok(n),
                Err(error) => error,
            };
            let brought = self.at.saturating_sub(self.since);
            if brought >= PROGRESS {
                self.tries = 0;
            }
            self.since = self.at;
            // The client has repeated a request whose error has a code, if that may help.
            let is_decided = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()).is_some();
            if is_decided || self.tries >= RETRIES {
                let (at, size) = (self.at, self.size);
                return Err(match error.kind() {
                    _ if is_decided => error,
                    io::ErrorKind::UnexpectedEof => {
                        Fault::io(Code::Truncated, format!("the registry sends {at} of {size} bytes"))
                    }
                    _ => {
                        Fault::io(Code::Unreachable, format!("the transfer broke off at byte {at}: {error}"))
                    }
                });
            }
            self.client.back_off(self.tries)?;
            self.tries += 1;
        }
    }
}

/// Fetches a part of a blob. Returns `None` if the registry sends something else.
pub(super) fn part(client: &Client, path: &str, range: &Range<u64>) -> io::Result<Option<Vec<u8>>> {
    let request = Request { path, accept: "*/*", from: range.start, until: Some(range.end) };
    let response = client.get(request)?;
    let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
    if !is_part || first_byte(&response) != Some(range.start) {
        return Ok(None);
    }
    let len = range.end.saturating_sub(range.start);
    let mut bytes = Vec::new();
    pace::body(response).take(len).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == len).then_some(bytes))
}

/// Returns the first byte of a partial response.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
