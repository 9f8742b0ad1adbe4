//! A tar writer that can also write unusual and invalid archives. It shares no code with the reader under test.

/// The size of a header. Bodies are padded to a multiple of it.
pub const BLOCK: usize = 512;

/// A tar stream under construction.
#[derive(Debug, Clone, Default)]
pub struct Tar {
    bytes: Vec<u8>,
}

/// The fields of one header. `..Header::default()` fills in the rest.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    pub path: &'a [u8],
    pub kind: u8,
    pub link: &'a [u8],
    /// The twelve bytes of the size field, if they are not the body's length in octal.
    pub size: Option<[u8; 12]>,
    pub mode: u32,
    /// Whether to write a wrong checksum.
    pub bad_checksum: bool,
}

impl Default for Header<'_> {
    fn default() -> Self {
        Self { path: b"", kind: b'0', link: b"", size: None, mode: 0o644, bad_checksum: false }
    }
}

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(self, path: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        self.entry(&Header { path: path.as_ref(), ..Header::default() }, body.as_ref())
    }

    #[must_use]
    pub fn dir(self, path: impl AsRef<[u8]>) -> Self {
        self.entry(&Header { path: path.as_ref(), kind: b'5', mode: 0o755, ..Header::default() }, b"")
    }

    #[must_use]
    pub fn symlink(self, path: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> Self {
        let header = Header { path: path.as_ref(), kind: b'2', link: link.as_ref(), ..Header::default() };
        self.entry(&header, b"")
    }

    #[must_use]
    pub fn hard_link(self, path: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> Self {
        let header = Header { path: path.as_ref(), kind: b'1', link: link.as_ref(), ..Header::default() };
        self.entry(&header, b"")
    }

    /// Adds the whiteout `dir/.wh.name` for `dir/name`.
    #[must_use]
    pub fn whiteout(self, path: &str) -> Self {
        let marker = match path.rsplit_once('/') {
            Some((dir, name)) => format!("{dir}/.wh.{name}"),
            None => format!(".wh.{path}"),
        };
        self.file(marker, b"")
    }

    /// Adds an opaque whiteout, which hides the contents of the directory in lower layers.
    #[must_use]
    pub fn opaque(self, dir: &str) -> Self {
        self.file(format!("{dir}/.wh..wh..opq"), b"")
    }

    /// Adds PAX records for the next entry.
    #[must_use]
    pub fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let body: Vec<u8> = records.iter().flat_map(|(key, value)| pax_record(key, value)).collect();
        self.entry(&Header { path: b"PaxHeaders/next", kind: b'x', ..Header::default() }, &body)
    }

    /// Adds PAX records for all following entries.
    #[must_use]
    pub fn pax_global(self, records: &[(&str, &[u8])]) -> Self {
        let body: Vec<u8> = records.iter().flat_map(|(key, value)| pax_record(key, value)).collect();
        self.entry(&Header { path: b"pax_global_header", kind: b'g', ..Header::default() }, &body)
    }

    /// Adds a GNU sparse file in the old format, with up to four `(offset, data)` pieces and `real_size` bytes
    /// in total. All pieces except the last are whole blocks.
    #[must_use]
    pub fn gnu_sparse(mut self, path: &str, pieces: &[(u64, &[u8])], real_size: u64) -> Self {
        assert!(pieces.len() <= 4, "more pieces need extension headers");
        let body: Vec<u8> = pieces.iter().flat_map(|(_, data)| data.iter().copied()).collect();
        let mut block =
            header_block(&Header { path: path.as_bytes(), kind: b'S', ..Header::default() }, body.len());
        block[257..265].copy_from_slice(b"ustar  \0");
        for (index, (offset, data)) in pieces.iter().enumerate() {
            let at = 386 + 24 * index;
            block[at..at + 12].copy_from_slice(&octal(*offset));
            block[at + 12..at + 24].copy_from_slice(&octal(data.len() as u64));
        }
        block[483..495].copy_from_slice(&octal(real_size));
        seal(&mut block);
        self.bytes.extend_from_slice(&block);
        self.body(&body)
    }

    /// Adds a sparse file in PAX format 1.0, in which the map precedes the data.
    #[must_use]
    pub fn pax_sparse(self, path: &str, pieces: &[(u64, &[u8])], real_size: u64) -> Self {
        let lines = pieces.iter().map(|(offset, data)| format!("{offset}\n{}\n", data.len()));
        let map = format!("{}\n{}", pieces.len(), lines.collect::<String>());
        let mut body = map.into_bytes();
        body.resize(body.len().next_multiple_of(BLOCK), 0);
        body.extend(pieces.iter().flat_map(|(_, data)| data.iter().copied()));
        let (name, real_size) = (path.as_bytes(), real_size.to_string());
        self.pax(&[
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", name),
            ("GNU.sparse.realsize", real_size.as_bytes()),
        ])
        .file("GNUSparseFile.0/file", body)
    }

    /// Adds a file whose long name is in a PAX record, like Go's writer.
    #[must_use]
    pub fn pax_named(self, path: &[u8], body: impl AsRef<[u8]>) -> Self {
        self.pax(&[("path", path)]).entry(&Header { path: b"short", ..Header::default() }, body.as_ref())
    }

    /// Adds an entry of any kind. A path or link of more than 100 bytes goes into an extra entry before it, as
    /// in GNU tar.
    #[must_use]
    pub fn entry(mut self, header: &Header<'_>, body: &[u8]) -> Self {
        for (long, kind) in [(header.link, b'K'), (header.path, b'L')] {
            if long.len() > 100 {
                let name = [long, b"\0"].concat();
                let header = Header { path: b"././@LongLink", kind, ..Header::default() };
                self.bytes.extend_from_slice(&header_block(&header, name.len()));
                self = self.body(&name);
            }
        }
        self.bytes.extend_from_slice(&header_block(header, body.len()));
        self.body(body)
    }

    /// Adds raw bytes.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn body(mut self, body: &[u8]) -> Self {
        self.bytes.extend_from_slice(body);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
        self
    }

    /// Returns the stream with its two closing blocks.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }

    /// Returns the stream without its closing blocks.
    #[must_use]
    pub fn unfinished(self) -> Vec<u8> {
        self.bytes
    }
}

/// Encodes a size in the base-256 form that GNU tar uses above 8 GiB.
pub fn base256(size: u64) -> [u8; 12] {
    let mut field = [0; 12];
    field[0] = 0x80;
    field[4..].copy_from_slice(&size.to_be_bytes());
    field
}

fn octal(number: u64) -> [u8; 12] {
    let mut field = [0; 12];
    field[..11].copy_from_slice(format!("{number:011o}").as_bytes());
    field
}

fn header_block(header: &Header<'_>, body: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8], room: usize| {
        let len = bytes.len().min(room);
        block[at..at + len].copy_from_slice(&bytes[..len]);
    };
    put(0, header.path, 100);
    put(100, format!("{:07o}", header.mode).as_bytes(), 8);
    put(108, b"0000000", 8);
    put(116, b"0000000", 8);
    put(124, &header.size.unwrap_or_else(|| octal(body as u64)), 12);
    put(136, &octal(0), 12);
    put(156, &[header.kind], 1);
    put(157, header.link, 100);
    put(257, b"ustar\x0000", 8);
    seal(&mut block);
    if header.bad_checksum {
        block[148] ^= 1;
    }
    block
}

/// Writes the checksum. It is computed with its own field filled with blanks.
fn seal(block: &mut [u8; BLOCK]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Returns `LENGTH KEY=VALUE\n`. The length includes its own digits.
fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut len = rest;
    while rest + len.to_string().len() != len {
        len = rest + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}
