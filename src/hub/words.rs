//! The words by which texts speak of the Hub and of its tokens.

/// Words that name the vendor or a token of its, in lower case.
pub(crate) const NAMES: [&str; 4] = ["hf", "hftoken", "hugging", "huggingface"];

/// How such words begin.
pub(crate) const STEMS: [&str; 2] = ["hf", "hugging"];

/// What documents write where a token would stand, in lower case and without what is neither letter nor digit.
pub(crate) const PLACEHOLDERS: [&str; 11] = [
    "hftoken",
    "myhftoken",
    "yourhftoken",
    "yourhftokenhere",
    "yourhuggingfacetoken",
    "yourhuggingfacetokenhere",
    "yourhuggingfaceapitoken",
    "yourhuggingfaceapitokenhere",
    "addyourhuggingfacetokenhere",
    "huggingfacetoken",
    "huggingfacehubtoken",
];

/// Patterns of what a line names in which a credential for the Hub stands, beside programs: a host, a variable.
pub(crate) const MENTIONS: [&str; 4] = ["hf", "hugging", "pyannote", "hub[_-]"];

/// Patterns of calls that need not name the Hub.
pub(crate) const CALLS: [&str; 3] = [r"login\(", "inferenceclient", r"token[ \t]*="];
