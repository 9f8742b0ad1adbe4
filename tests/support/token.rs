//! Token-shaped text, generated at run time. No token is committed, and none was ever issued.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// The kinds of credential, one for each prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `hf_` and 34 letters.
    User,
    /// `api_org_` and 34 letters.
    Organization,
    /// `hf_oauth_` and a token of three parts, the last of which is a signature.
    OauthAccess,
    /// `hf_oauth__refresh_` and 34 letters.
    OauthRefresh,
    /// `hf_jwt_` and a web token of three parts.
    Oidc,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::User, Self::Organization, Self::OauthAccess, Self::OauthRefresh, Self::Oidc];

    /// Returns the prefix. It is written in pieces, so that no line of this file looks like a token.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::User => "hf_",
            Self::Organization => concat!("api", "_org_"),
            Self::OauthAccess => concat!("hf", "_oauth_"),
            Self::OauthRefresh => concat!("hf", "_oauth__refresh_"),
            Self::Oidc => concat!("hf", "_jwt_"),
        }
    }

    /// Returns the value of `token.kind` in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user-access-token",
            Self::Organization => "organization-token",
            Self::OauthAccess => "oauth-access-token",
            Self::OauthRefresh => "oauth-refresh-token",
            Self::Oidc => "oidc-token",
        }
    }
}

/// A generated token. Equal seeds give equal text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: Kind,
    text: String,
}

/// Text that no output may contain: the secret part of every token generated in this process.
static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl Token {
    /// Generates a user access token.
    pub fn user(seed: &str) -> Self {
        Self::new(Kind::User, seed)
    }

    pub fn new(kind: Kind, seed: &str) -> Self {
        let mut random = Random::new(&format!("{}/{seed}", kind.name()));
        let secret = match kind {
            Kind::User | Kind::Organization | Kind::OauthRefresh => random.letters(34),
            Kind::OauthAccess | Kind::Oidc => random.web_token(1_790_000_000),
        };
        remember(&secret);
        Self { kind, text: format!("{}{secret}", kind.prefix()) }
    }

    /// Generates a web token that expires at `exp`, in Unix seconds.
    pub fn expiring(kind: Kind, seed: &str, exp: u64) -> Self {
        let secret = Random::new(&format!("{}/{seed}", kind.name())).web_token(exp);
        remember(&secret);
        Self { kind, text: format!("{}{secret}", kind.prefix()) }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Returns the value of `token.sha256` in the report.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.text.as_bytes()))
    }

    /// Returns the value of `token.redacted` in the report.
    pub fn redacted(&self) -> String {
        format!("{}…{}", self.kind.prefix(), &self.text[self.text.len() - 4..])
    }
}

/// Generates a secret that matches no known pattern: sixteen letters and digits.
pub fn shapeless(seed: &str) -> String {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let secret = Random::new(seed).pick(ALPHABET, 16);
    remember(&secret);
    secret
}

fn remember(secret: &str) {
    MADE.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
}

/// Whether `output` contains twelve consecutive characters of a secret that was generated in this process.
pub fn shows_a_secret(output: &str) -> bool {
    const WINDOW: usize = 12;
    let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let secrets = made.iter().flat_map(|secret| {
        // The first part of a web token is its header, which is the same for all tokens and not secret.
        let secret = secret.split_once('.').map_or(secret.as_str(), |(_, rest)| rest);
        secret.as_bytes().windows(WINDOW)
    });
    let mut shown = output.as_bytes().windows(WINDOW);
    // The set is built from the smaller side.
    if made.len() * 32 < output.len() {
        let secrets: HashSet<&[u8]> = secrets.collect();
        shown.any(|window| secrets.contains(window))
    } else {
        let shown: HashSet<&[u8]> = shown.collect();
        { secrets }.any(|window| shown.contains(window))
    }
}

/// Encodes bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A reproducible stream of random numbers (splitmix64), seeded with a name.
pub struct Random(u64);

impl Random {
    pub fn new(seed: &str) -> Self {
        let digest = Sha256::digest(seed.as_bytes());
        Self(digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    fn pick(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// Draws letters of both cases, like those of issued tokens. A draw that looks like words is discarded.
    fn letters(&mut self, len: usize) -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        loop {
            let drawn = self.pick(ALPHABET, len);
            let upper = drawn.bytes().filter(u8::is_ascii_uppercase).count();
            let distinct = drawn.bytes().collect::<BTreeSet<_>>().len();
            let longest_lower = drawn.split(|c: char| c.is_ascii_uppercase()).map(str::len).max();
            if (9..=25).contains(&upper) && distinct >= 20 && longest_lower < Some(8) {
                return drawn;
            }
        }
    }

    /// Returns header, payload and signature as base64url.
    fn web_token(&mut self, exp: u64) -> String {
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let header = encode(br#"{"alg":"ES256","typ":"JWT"}"#);
        let payload = encode(format!(r#"{{"sub":"{}","exp":{exp}}}"#, self.next()).as_bytes());
        format!("{header}.{payload}.{}", encode(&self.bytes(64)))
    }
}
