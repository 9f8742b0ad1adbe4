//! Variables and settings that carry a token: their names, and the words in such names.

/// The variable that the Hub tools read first.
pub(crate) const HF_TOKEN: &str = "HF_TOKEN";

/// The variables that the Hub tools read.
pub(crate) const READ: [&str; 2] = [HF_TOKEN, "HUGGING_FACE_HUB_TOKEN"];

/// Returns true if the Hub tools read a token from the variable.
pub(crate) fn is_read(name: &str) -> bool {
    READ.contains(&name)
}

/// The prefix of the Hub's own variables.
pub(crate) const PREFIX: &str = "HF_";

/// Names of token variables that do not follow from [`HUB`] and [`SECRETS`], in upper case.
pub(crate) const EXACT: [&str; 5] = [
    "HUB_TOKEN",
    "CI_HUB_USER_TOKEN",
    "PYANNOTE_AUTH_TOKEN",
    CLIENT_SECRET,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

/// The variable that gives a Space the secret of its OAuth client.
pub(crate) const CLIENT_SECRET: &str = "OAUTH_CLIENT_SECRET";

/// The names of [`EXACT`] that other software uses as well.
pub(crate) const SHARED: [&str; 3] = ["HUB_TOKEN", CLIENT_SECRET, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// Words that assign a name to the Hub. Each consists of one or more parts that are joined by underscores.
pub(crate) const HUB: [&[&str]; 5] =
    [&["HF"], &["HUGGINGFACE"], &["HUGGINGFACEHUB"], &["HFHUB"], &["HUGGING", "FACE"]];

/// Words that follow a word of [`HUB`] in the name of a token variable.
pub(crate) const SECRETS: [&str; 13] = [
    "TOKEN",
    "TOKENS",
    "KEY",
    "SECRET",
    "PAT",
    "APIKEY",
    "PASSWORD",
    "AUTH",
    "BEARER",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "PASSWD",
];

/// Words of [`SECRETS`] that may come before a word of [`HUB`] too: `KEY_HF`.
pub(crate) const REVERSED: [&str; 5] = ["TOKEN", "KEY", "SECRET", "APIKEY", "PASSWORD"];

/// Words between a word of [`HUB`] and one of [`SECRETS`] that are often joined to both: `hfapikey`.
pub(crate) const JOINED: [&str; 4] = ["API", "ACCESS", "AUTH", "HUB"];

/// Words that may come after a word of [`SECRETS`] and specify the token.
pub(crate) const SCOPES: [&str; 23] = [
    "READ",
    "WRITE",
    "READONLY",
    "RO",
    "RW",
    "FINE",
    "GRAINED",
    "FINEGRAINED",
    "VALUE",
    "PROD",
    "DEV",
    "TEST",
    "CI",
    "BUILD",
    "ARG",
    "INPUT",
    "DEFAULT",
    "LOCAL",
    "B64",
    "OLD",
    "NEW",
    "BACKUP",
    "BAK",
];

/// Words of names that only refer to a token: `HF_TOKEN_PATH`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
pub(crate) const SPEAKING: [&str; 9] =
    ["DISABLE", "ENABLE", "MAX", "NUM", "USE", "HAS", "NO", "PATH", "FILE"];

/// Words in front of a secret of another kind: `HF_CACHE_KEY`, `HF_EOS_TOKEN`.
pub(crate) const OTHER_KINDS: [&str; 20] = [
    "CACHE",
    "PUBLIC",
    "DATASET",
    "MODEL",
    "SORT",
    "MAP",
    "EOS",
    "BOS",
    "PAD",
    "IMAGE",
    "MASK",
    "SEP",
    "UNK",
    "CLS",
    "SPECIAL",
    "ADDED",
    "PRIMARY",
    "FOREIGN",
    "PARTITION",
    "GROUP",
];

/// Names of settings in trainers, in upper case.
pub(crate) const SETTINGS: [&str; 2] = ["HUB_TOKEN", "PUSH_TO_HUB_TOKEN"];
