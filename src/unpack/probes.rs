//! Trial decoding at places where a compressed stream may begin. Some formats begin with only two bytes that
//! tell them from others, so most trials fail. They share one decoder, and the work of those that fail is
//! limited.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::format::HEAD;
use crate::stream::{gzip_header_len, plausible_deflate};

/// The number of bytes that a trial decodes at most.
const MOST: usize = 64 * 1024;
/// The work of failed trials that each MiB of content pays for. A unit takes about a microsecond. Files of a
/// system need fewer than a hundred units for each MiB.
const UNITS: i64 = 8192;
/// The largest amount that content without trials saves up for content with many: that of 8 MiB.
const MOST_SAVED: i64 = 8 * UNITS;
/// The units for the start of a content.
const GRANT: i64 = 4;
const MIB: i64 = 1 << 20;
/// The number of bytes behind which a deflated block has described its codes.
const CODES: usize = 512;

/// The outcome of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// The stream goes on after the bytes at hand.
    GoesOn,
    /// The stream takes this number of bytes, and its checksum is right.
    Ended(usize),
    /// The stream is damaged or breaks off, after this number of bytes.
    Broken(usize),
}

/// The format around deflated data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bare,
    Zlib,
}

/// The decoder of trials, and the limit on failed ones.
pub(super) struct Probes {
    state: Decompress,
    out: Vec<u8>,
    filled: usize,
    /// The units that are left, times the bytes of a MiB. Below zero, they are owed: otherwise, a few bytes of
    /// content would pay for a trial of any cost.
    saved: i64,
    /// Whether trials were left out since the last call of [`Self::left_out`].
    left_out: bool,
    /// The number of trials, and of units charged.
    #[cfg(test)]
    pub(super) counted: (u64, u64),
    /// The number of bytes in which the ends of headers were looked for.
    #[cfg(test)]
    pub(super) headers: usize,
}

impl Probes {
    pub(super) fn new() -> Self {
        Self {
            state: Decompress::new(true),
            out: Vec::new(),
            filled: 0,
            saved: MOST_SAVED * MIB,
            left_out: false,
            #[cfg(test)]
            counted: (0, 0),
            #[cfg(test)]
            headers: 0,
        }
    }

    /// Counts content that was passed.
    pub(super) fn earn(&mut self, bytes: u64) {
        let earned = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(UNITS);
        self.saved = self.saved.saturating_add(earned).min(MOST_SAVED * MIB);
    }

    /// Pays for trials at the start of a content, where each file may have a container.
    pub(super) fn grant(&mut self) {
        self.saved = self.saved.max(GRANT * MIB);
    }

    /// Returns true if there may be another trial.
    pub(super) fn may_try(&mut self) -> bool {
        let may = self.saved > 0;
        self.left_out |= !may;
        #[cfg(test)]
        {
            self.counted.0 += u64::from(may);
        }
        may
    }

    /// Charges a trial that failed.
    pub(super) fn charge(&mut self, units: u64) {
        let owed = i64::try_from(units).unwrap_or(i64::MAX).saturating_mul(MIB);
        self.saved = self.saved.saturating_sub(owed);
        #[cfg(test)]
        {
            self.counted.1 += units;
        }
    }

    /// Returns true if trials were left out since the last call.
    pub(super) fn left_out(&mut self) -> bool {
        std::mem::take(&mut self.left_out)
    }

    /// Returns the size of the output of the last trial.
    pub(super) fn output(&self) -> usize {
        self.filled
    }

    /// Returns true if the last trial had any output.
    pub(super) fn has_output(&self) -> bool {
        self.filled > 0
    }

    /// Takes the output of the last trial.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.out);
        out.truncate(self.filled);
        self.filled = 0;
        out
    }

    /// Gives a buffer back.
    pub(super) fn reuse(&mut self, out: Vec<u8>) {
        if self.out.is_empty() {
            self.out = out;
        }
    }

    /// Tries to decode a zlib stream (RFC 1950).
    pub(super) fn zlib(&mut self, head: &[u8]) -> Option<Trial> {
        if !head.get(2..).is_some_and(plausible_deflate) || !self.may_try() {
            return None;
        }
        let trial = self.inflate(head, Form::Zlib);
        self.judge(head, trial)
    }

    /// Tries to decode a deflate stream. It is known to be there, so that a failure costs nothing.
    pub(super) fn deflate(&mut self, head: &[u8]) -> Trial {
        self.inflate(head, Form::Bare)
    }

    /// Tries to decode a gzip member (RFC 1952).
    pub(super) fn gzip(&mut self, head: &[u8]) -> Option<Trial> {
        #[cfg(test)]
        {
            self.headers += head.len();
        }
        let len = gzip_header_len(head)?;
        let Some(data) = head.get(len..).filter(|data| !data.is_empty()) else {
            return (head.len() >= HEAD).then_some(Trial::GoesOn);
        };
        if !plausible_deflate(data) || !self.may_try() {
            return None;
        }
        let mut trial = self.inflate(data, Form::Bare);
        if trial == Trial::Broken(data.len()) && head.len() >= HEAD && data.len() < CODES {
            // Behind a long header, the bytes at hand may end within the description of the codes.
            trial = Trial::GoesOn;
        }
        if let Trial::Ended(taken) = trial {
            let mut sum = Crc::new();
            sum.update(self.out.get(..self.filled)?);
            let trailer = [sum.sum().to_le_bytes(), sum.amount().to_le_bytes()].concat();
            if data.get(taken..).is_none_or(|behind| !behind.starts_with(&trailer)) {
                // The trailer may lie behind the bytes at hand.
                let is_cut = head.len() >= HEAD && data.len() < taken + trailer.len();
                trial = if is_cut { Trial::GoesOn } else { Trial::Broken(taken) };
            } else {
                trial = Trial::Ended(taken + trailer.len());
            }
        }
        let trial = match trial {
            Trial::Ended(taken) => Trial::Ended(len + taken),
            Trial::Broken(taken) => Trial::Broken(len + taken),
            Trial::GoesOn => Trial::GoesOn,
        };
        self.judge(head, trial)
    }

    /// Charges a trial that is no success.
    fn judge(&mut self, head: &[u8], trial: Trial) -> Option<Trial> {
        if let Trial::Broken(taken) = trial {
            let cut = taken >= head.len() && head.len() >= HEAD;
            if cut {
                // Deflate yields its first byte soon. Only the description of the codes comes before.
                return (self.filled > 0).then_some(Trial::GoesOn);
            }
            self.charge(1 + (taken as u64 + self.filled as u64) / 1024);
        }
        Some(trial)
    }

    fn inflate(&mut self, data: &[u8], form: Form) -> Trial {
        self.state.reset(form == Form::Zlib);
        self.out.resize(MOST, 0);
        self.filled = 0;
        loop {
            let taken = usize::try_from(self.state.total_in()).unwrap_or(usize::MAX);
            let (Some(left), Some(room)) = (data.get(taken..), self.out.get_mut(self.filled..)) else {
                return Trial::Broken(data.len());
            };
            if room.is_empty() {
                return Trial::GoesOn;
            }
            let status = self.state.decompress(left, room, FlushDecompress::None);
            let before = (taken, self.filled);
            let taken = usize::try_from(self.state.total_in()).unwrap_or(usize::MAX);
            self.filled = usize::try_from(self.state.total_out()).unwrap_or(usize::MAX).min(MOST);
            match status {
                Ok(Status::StreamEnd) => return Trial::Ended(taken),
                Ok(_) if before != (taken, self.filled) => {}
                Ok(_) => return Trial::Broken(data.len()),
                Err(_) => return Trial::Broken(taken),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn zlib(data: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(len: usize) -> Vec<u8> {
        let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(1), next).map(|x: u32| x.to_be_bytes()[0]).take(len).collect()
    }

    #[test]
    fn a_stream_is_one_if_it_decodes() {
        let mut probes = Probes::new();
        let mut trial = |head: &[u8]| (probes.zlib(head), probes.take_output());
        for level in [0, 1, 6, 9] {
            for data in [&b""[..], b"text of some length, text of some length", &[7; 900]] {
                let stream = zlib(data, level);
                let ended = (Some(Trial::Ended(stream.len())), data.to_vec());
                assert_eq!(trial(&stream), ended);
                assert_eq!(trial(&[&stream[..], b"behind"].concat()), ended);
                let mut wrong = stream.clone();
                *wrong.last_mut().unwrap() ^= 1;
                let (outcome, out) = trial(&wrong);
                assert!(matches!(outcome, Some(Trial::Broken(_))), "{outcome:?}");
                assert_eq!(out, data);
            }
            let stream = zlib(&noise(5000), level);
            assert_eq!(trial(&stream[..HEAD]).0, Some(Trial::GoesOn));
        }
        for text in [&b"x\x9c"[..], b"x^2 + y^2 = z^2", b"x\x9c\x07"] {
            assert!(!matches!(trial(text).0, Some(Trial::GoesOn | Trial::Ended(_))));
        }
    }

    #[test]
    fn what_content_pays_for_is_limited_and_saved() {
        let mut probes = Probes::new();
        let broken = [&zlib(&[7; 300], 9)[..3], &[0xff; 40]].concat();
        let mut tries = 0;
        while probes.may_try() {
            probes.zlib(&broken);
            probes.charge(1);
            tries += 1;
        }
        assert!(tries <= MOST_SAVED, "{tries}");
        assert!(probes.left_out() && !probes.left_out());
        probes.earn(1 << 20);
        assert!(probes.may_try());
        probes.charge(8192 + 100);
        assert!(!probes.may_try());
        probes.earn((1 << 20) / 100);
        assert!(!probes.may_try(), "what is owed is paid first");
        probes.earn(u64::MAX);
        assert_eq!(probes.saved, MOST_SAVED * MIB);
    }
}
