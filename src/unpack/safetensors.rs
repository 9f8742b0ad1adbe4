//! Files of tensors with a header in JSON, behind its length. The length makes the file a binary one, so the header is
//! read once more as the text that it is.

use std::io::Read as _;

use super::compressed::WINDOW;
use super::level::Level;
use super::raw::{Raw, Stretch};
use crate::stream::Window;

/// The length of what is in front of the header.
const LENGTH: usize = 8;
/// The longest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;

/// Returns the length of the header of a file that begins with these bytes.
pub(super) fn header(head: &[u8]) -> Option<u64> {
    let (len, json) = head.split_first_chunk::<LENGTH>()?;
    let len = Some(u64::from_le_bytes(*len)).filter(|len| (2..=MAX_HEADER).contains(len))?;
    json.starts_with(b"{\"").then_some(len)
}

pub(super) fn open(level: &mut Level<'_, '_>, len: u64, raw: &mut Raw<'_>) {
    let start = raw.passed() + LENGTH as u64;
    if raw.read_exact(&mut [0; LENGTH]).is_ok() {
        let header = Stretch { raw, left: len };
        level.enter_unchanged(start, &mut Window::with_capacity(WINDOW, header));
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::tests::token;
    use crate::stop::Stop;
    use crate::unpack::{Found, Origin, Unpacker};

    fn search(header: &str) -> Found {
        let length = (header.len() as u64).to_le_bytes();
        let file = [&length[..], header.as_bytes(), &[0; 5000]].concat();
        let (found, outcome) =
            Unpacker::new(&Stop::default()).search(Origin::default(), &mut file.as_slice());
        outcome.unwrap();
        assert!(found.problems.is_empty());
        found
    }

    #[test]
    fn values_under_the_name_of_a_token() {
        const SECRET: &str = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";
        for metadata in [
            format!("{{\"hf_token\":\"{SECRET}\"}}"),
            format!("{{\"config\":\"{{\\\"hf_token\\\": \\\"{SECRET}\\\"}}\"}}"),
        ] {
            let header = format!("{{\"__metadata__\":{metadata},\"w\":{{\"data_offsets\":[0,5000]}}}}   ");
            let found = search(&header);
            let [found] = &*found.occurrences else { panic!("{found:?}") };
            let at = 8 + header.find(SECRET).unwrap() as u64;
            assert_eq!((found.offset, found.via.len(), found.is_unknown()), (at, 0, true));
        }
        let header = format!("{{\"__metadata__\":{{\"a\":\"{}\"}}}}", token("hf_"));
        assert_eq!(search(&header).occurrences.len(), 1);
    }
}
