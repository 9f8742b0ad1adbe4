//! The kinds of tokens, one row each. A row determines the needles in every encoding, the masking, and the
//! description of a token in a report.

use super::addresses;

/// The issuer of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vendor {
    /// The name in messages.
    pub(crate) name: &'static str,
    /// The page on which users revoke a token.
    pub(crate) revoke: &'static str,
}

/// The part of a token after its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// [`LETTERS`] random letters.
    Letters,
    /// A JSON Web Token.
    WebToken,
}

/// The number of letters in a body of letters. The statistics of random bodies were measured for this
/// length.
pub(crate) const LETTERS: usize = 34;

/// A kind of token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The name in machine-readable reports.
    pub(crate) id: &'static str,
    pub(crate) vendor: Vendor,
    /// The prefix of every token of the kind. If several prefixes fit a text, the longest one counts.
    pub(crate) prefix: &'static str,
    pub(crate) body: Body,
    /// The name in a message, after the name of the vendor.
    pub(crate) name: &'static str,
    /// The name in a heading, on its own.
    pub(crate) heading: &'static str,
    /// Whether the login that stores such a token also stores another token that renews it.
    pub(crate) is_renewed: bool,
}

impl Kind {
    /// Returns the text after the prefix, if the text begins with the prefix.
    pub(crate) fn strip<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let prefix = self.prefix.as_bytes();
        let (head, rest) = text.split_at_checked(prefix.len())?;
        // Prefixes of one vendor begin alike, so the last character rules out most texts.
        (head.last() == prefix.last() && head == prefix).then_some(rest)
    }

    /// Returns true if a truncated text may be the beginning of the prefix.
    pub(crate) fn may_follow(&self, text: &[u8]) -> bool {
        self.prefix.as_bytes().starts_with(text)
    }
}

pub(crate) const HUGGING_FACE: Vendor = Vendor { name: "Hugging Face", revoke: addresses::REVOKE };

/// The table of token kinds.
pub(crate) static KINDS: &[Kind] = &[
    // The token does not reveal its role (read, write, fine-grained).
    Kind {
        id: "user-access-token",
        vendor: HUGGING_FACE,
        prefix: "hf_",
        body: Body::Letters,
        name: "user access token",
        heading: "user access token",
        is_renewed: false,
    },
    // Deprecated in 2023.
    Kind {
        id: "organization-token",
        vendor: HUGGING_FACE,
        prefix: "api_org_",
        body: Body::Letters,
        name: "organization token",
        heading: "organization token",
        is_renewed: false,
    },
    // Stored by a login in the browser.
    Kind {
        id: "oauth-access-token",
        vendor: HUGGING_FACE,
        prefix: "hf_oauth_",
        body: Body::WebToken,
        name: "OAuth access token",
        heading: "OAuth access token",
        is_renewed: true,
    },
    // Renews access tokens and outlives them.
    Kind {
        id: "oauth-refresh-token",
        vendor: HUGGING_FACE,
        prefix: "hf_oauth__refresh_",
        body: Body::Letters,
        name: "OAuth refresh token",
        heading: "OAuth refresh token",
        is_renewed: false,
    },
    // Issued to a trusted publisher for an hour.
    Kind {
        id: "oidc-token",
        vendor: HUGGING_FACE,
        prefix: "hf_jwt_",
        body: Body::WebToken,
        name: "trusted-publisher token",
        heading: "OIDC token",
        is_renewed: false,
    },
    // These rows prove in tests that a kind needs nothing but its row.
    #[cfg(test)]
    Kind {
        id: "made-up-token",
        vendor: made_up::VENDOR,
        prefix: "zq_",
        body: Body::Letters,
        name: "token",
        heading: "made-up token",
        is_renewed: false,
    },
    #[cfg(test)]
    Kind {
        id: "made-up-web-token",
        vendor: made_up::VENDOR,
        prefix: "zq_web_",
        body: Body::WebToken,
        name: "web token",
        heading: "made-up web token",
        is_renewed: false,
    },
    #[cfg(test)]
    Kind {
        id: "made-up-key",
        vendor: made_up::VENDOR,
        prefix: "jkq-key-",
        body: Body::Letters,
        name: "key",
        heading: "made-up key",
        is_renewed: false,
    },
];

/// A vendor that exists only in tests.
#[cfg(test)]
pub(crate) mod made_up {
    use super::{KINDS, Kind, Vendor, roots_of};

    pub(crate) const VENDOR: Vendor = Vendor { name: "Made-up", revoke: "https://made-up.example/revoke" };

    /// Returns the rows of the vendor.
    pub(crate) fn kinds() -> &'static [Kind] {
        KINDS.get(shipped().len()..).unwrap_or_default()
    }

    /// Returns the rows of the table in a build without tests.
    pub(crate) fn shipped() -> &'static [Kind] {
        let end = KINDS.iter().position(|kind| kind.vendor == VENDOR);
        end.and_then(|end| KINDS.get(..end)).unwrap_or_default()
    }

    pub(crate) fn shipped_roots() -> impl Iterator<Item = &'static str> {
        roots_of(shipped())
    }
}

/// SHA-256 hashes of tokens that the Hub published on purpose. They give access only to a test server, and
/// are part of packages that most images contain.
pub(crate) const PUBLIC: [&str; 2] = [
    // The user of the Hub's staging server in `transformers/testing_utils.py`.
    "5de261506c0ff857b7c1af7059f842fb0a36d1ca2e4895da542c5eb726f2c802",
    // Another user of the staging server, in the tests of `huggingface_hub`.
    "791939be7ef91ab5085801c9ae30d974fbe0f7cb03a637b91f5c7912c88bd359",
];

/// The length of the longest prefix of a kind with a body of letters.
pub(crate) const LONGEST_PREFIX: usize = {
    let (mut longest, mut rest) = (0, KINDS);
    while let [kind, behind @ ..] = rest {
        if matches!(kind.body, Body::Letters) && kind.prefix.len() > longest {
            longest = kind.prefix.len();
        }
        rest = behind;
    }
    longest
};

/// The length of the shortest prefix.
pub(crate) const SHORTEST_PREFIX: usize = {
    let (mut shortest, mut rest) = (usize::MAX, KINDS);
    while let [kind, behind @ ..] = rest {
        if kind.prefix.len() < shortest {
            shortest = kind.prefix.len();
        }
        rest = behind;
    }
    shortest
};

/// Returns the kind of the token that may begin with `text`.
pub(crate) fn at(text: &[u8]) -> Option<&'static Kind> {
    let mut found: Option<&'static Kind> = None;
    for kind in KINDS {
        if kind.strip(text).is_some() && found.is_none_or(|found| found.prefix.len() < kind.prefix.len()) {
            found = Some(kind);
        }
    }
    found
}

/// Returns the kinds whose tokens have the given body.
pub(crate) fn with(body: Body) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| kind.body == body)
}

/// Returns the prefixes that do not begin with another prefix. A search for them finds the beginning of
/// every token.
pub(crate) fn roots() -> impl Iterator<Item = &'static str> {
    roots_of(KINDS)
}

fn roots_of(kinds: &'static [Kind]) -> impl Iterator<Item = &'static str> {
    let prefixes = move || kinds.iter().map(|kind| kind.prefix);
    prefixes().filter(move |prefix| !prefixes().any(|other| other != *prefix && prefix.starts_with(other)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_are_told_apart() {
        let ids: BTreeSet<_> = KINDS.iter().map(|kind| kind.id).collect();
        let prefixes: BTreeSet<_> = KINDS.iter().map(|kind| kind.prefix).collect();
        assert_eq!((ids.len(), prefixes.len()), (KINDS.len(), KINDS.len()));
        for kind in KINDS {
            assert!(kind.prefix.len() >= 3 && kind.prefix.is_ascii(), "{}", kind.id);
            assert!(kind.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", kind.id);
        }
    }

    #[test]
    fn the_longest_prefix_counts() {
        for kind in KINDS {
            assert_eq!(at(kind.prefix.as_bytes()).map(|found| found.id), Some(kind.id));
        }
        assert!(at(b"hf").is_none() && at(b"").is_none());
    }
}
