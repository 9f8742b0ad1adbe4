//! Variables and settings that carry a token: their names, and the words that such names are made of.

/// The variable that the Hub's tools read first.
pub(crate) const HF_TOKEN: &str = "HF_TOKEN";

/// The variables that the Hub's tools read.
pub(crate) const READ: [&str; 2] = [HF_TOKEN, "HUGGING_FACE_HUB_TOKEN"];

/// Whether the Hub's tools read a token from a variable of that name.
pub(crate) fn is_read(name: &str) -> bool {
    READ.contains(&name)
}

/// What names of the Hub's own variables begin with.
pub(crate) const PREFIX: &str = "HF_";

/// Names of token variables that do not follow from [`HUB`] and [`SECRETS`], in upper case.
pub(crate) const EXACT: [&str; 6] = [
    "HFTOKEN",
    "HUB_TOKEN",
    "CI_HUB_USER_TOKEN",
    "PYANNOTE_AUTH_TOKEN",
    CLIENT_SECRET,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

/// The variable in which a Space finds the secret of its OAuth client.
pub(crate) const CLIENT_SECRET: &str = "OAUTH_CLIENT_SECRET";

/// Those of [`EXACT`] that other software has as well.
pub(crate) const SHARED: [&str; 3] = ["HUB_TOKEN", CLIENT_SECRET, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// Words of a name that say it is the Hub's, each written as one or more parts between underscores.
pub(crate) const HUB: [&[&str]; 5] =
    [&["HF"], &["HUGGINGFACE"], &["HUGGINGFACEHUB"], &["HFHUB"], &["HUGGING", "FACE"]];

/// Words behind those of a name that carries a token.
pub(crate) const SECRETS: [&str; 7] = ["TOKEN", "TOKENS", "KEY", "SECRET", "PAT", "APIKEY", "PASSWORD"];

/// Words that may follow, and say which token it is.
pub(crate) const SCOPES: [&str; 9] =
    ["READ", "WRITE", "READONLY", "FINE", "GRAINED", "FINEGRAINED", "VALUE", "PROD", "DEV"];

/// Words of names that only speak of a token: `HF_TOKEN_PATH`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
pub(crate) const SPEAKING: [&str; 9] =
    ["DISABLE", "ENABLE", "MAX", "NUM", "USE", "HAS", "NO", "PATH", "FILE"];

/// Words in front of a secret of another kind: `HF_CACHE_KEY`, `HF_EOS_TOKEN`.
pub(crate) const OTHER_KINDS: [&str; 18] = [
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
    "PRIMARY",
    "FOREIGN",
    "PARTITION",
    "GROUP",
];

/// Names that trainers give to settings, in lower case.
pub(crate) const SETTINGS: [&str; 2] = ["hub_token", "push_to_hub_token"];
