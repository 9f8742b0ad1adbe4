//! Words with which texts mention the Hub and its tokens.

/// Words that name the vendor or one of its tokens, in lower case.
pub(crate) const NAMES: [&str; 4] = ["hf", "hftoken", "hugging", "huggingface"];

/// The stems of such words.
pub(crate) const STEMS: [&str; 2] = ["hf", "hugging"];

/// Placeholders that documents show in place of a token, in lower case and without any characters that are
/// neither letters nor digits.
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

/// Patterns of words in a line that holds a Hub credential, other than programs: a host, a variable.
pub(crate) const MENTIONS: [&str; 4] = ["hf", "hugging", "pyannote", "hub[_-]"];

/// Patterns of calls that need not name the Hub.
pub(crate) const CALLS: [&str; 3] = [r"login\(", "inferenceclient", r"token[ \t]*="];

/// The pattern of the name of a section of settings that is about the Hub.
pub(crate) const SECTION: &str = "(?:hf|hugging[_-]?face(?:[_-]?hub)?)(?:[._-](?:hub|auth|api))?";

/// The pattern of the vendor's name in prose and in the names of classes, in any case.
pub(crate) const VENDOR: &str = "(?:hugging[ _-]?face|hf)";

/// The pattern of the start of the name of a class or function of other libraries that is named after the vendor.
pub(crate) const CLASS: &str = r"(?:(?i:hugging_?face)|\bH[Ff][A-Z])";

/// The starts of the names of packages for JavaScript.
pub(crate) const PACKAGES: [&str; 1] = ["@huggingface/"];

/// The texts, one of which is in any line that gives a token to something of the Hub: parts of names of variables and
/// hosts, and the starts of an argument and of a header.
pub(crate) const NEEDLES: [&str; 25] = [
    "hf_",
    "HF_",
    "hf-",
    "HF-",
    "hf.",
    "hft",
    "HFT",
    "fTo",
    "hfA",
    "fAp",
    "hf a",
    "hf\"",
    "hf:\n",
    "ugging",
    "UGGING",
    "hub_token",
    "HUB_TOKEN",
    "hub-token",
    "note_auth",
    "login(",
    "token=",
    "api_key=",
    "--token",
    "_HF",
    "Bearer ",
];
/// The texts of [`NEEDLES`] that name the vendor.
pub(crate) const NAMES_VENDOR: [&str; 2] = ["ugging", "UGGING"];
