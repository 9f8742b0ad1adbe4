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

/// The pattern of the name of a provider in the settings of other software.
pub(crate) const IS_VENDOR: &str = r"(?i-u)^(?:hf(?:$|[^A-Za-z0-9])|hugging[_-]?face)";

/// The pattern of the start of a value that names the vendor, or that is a URL or a host, which may be the Hub's.
pub(crate) const MAY_NAME_HUB: &str = r"(?:hf|hugging|https?:|(?:[A-Za-z0-9-]{1,40}\.){1,4}(?:hf|hugging))";

/// The start of the names of models that other software runs at the Hub.
pub(crate) const MODEL_OF_VENDOR: &str = "huggingface/";

/// The pattern of the start of a class of the Hub's package for JavaScript, which takes a token first.
pub(crate) const TAKES_TOKEN_FIRST: &str = r"\bnew[ \t]+Hf(?:Inference|Agent)[A-Za-z]{0,20}\(";

/// The texts, one of which is in any line that gives a token to something of the Hub: parts of names of variables and
/// hosts, and the starts of an argument and of a header.
pub(crate) const NEEDLES: [&str; 26] = [
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
    "hf ",
    "HF ",
    "hf\"",
    "hf'",
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
    "_HF",
    "Bearer ",
];
/// The texts of [`NEEDLES`] that name the vendor.
pub(crate) const NAMES_VENDOR: [&str; 2] = ["ugging", "UGGING"];

/// The texts of [`NEEDLES`] that are a word of prose or the name of a program. A label has them, or a command line.
pub(crate) const IN_PROSE: [&str; 2] = ["hf ", "HF "];

/// The start of the commands of the Hub's program that log in and out.
pub(crate) const LOGS_IN: &str = "hf a";
