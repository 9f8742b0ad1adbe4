//! The Hub's Python library: its names, and the functions that take, keep or remove a token.

/// The library.
pub(crate) const LIBRARY: &str = "huggingface_hub";

/// The names that `from huggingface_hub import *` brings and that matter.
pub(crate) const EXPORTS: [&str; 4] = ["login", "logout", "auth_switch", FOLDER];

/// Its modules in which these are defined.
pub(crate) const SUBMODULES: [&str; 3] = ["_login", "utils", "hf_api"];

/// The class of releases before 1.0 that keeps the token.
const FOLDER: &str = "HfFolder";

/// The argument of a login that says whether the token goes to git as well.
pub(crate) const FOR_GIT: &str = "add_to_git_credential";

/// What a function does with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Writes the token and the list of tokens.
    LogIn,
    /// Writes the token alone.
    Save,
    /// Removes what is kept.
    LogOut,
}

/// The functions that do, by their path within the library.
pub(crate) static FUNCTIONS: [(&[&str], Does); 6] = [
    (&["login"], Does::LogIn),
    (&["auth_switch"], Does::LogIn),
    (&["_login"], Does::LogIn),
    (&["logout"], Does::LogOut),
    (&[FOLDER, "delete_token"], Does::LogOut),
    (&[FOLDER, "save_token"], Does::Save),
];

/// How messages name a call that logs in.
pub(crate) const LOGIN: &str = "huggingface_hub.login";
/// How messages name a call that keeps the token.
pub(crate) const SAVE: &str = "HfFolder.save_token";

/// What a text has in it that calls the login: the library's name, and this.
pub(crate) const LOGIN_CALL: &str = "login(";

/// Functions of which the first argument is a token, each with the names of what they may be called on.
pub(crate) static TAKE_TOKEN_FIRST: [(&str, &[&str]); 2] =
    [("login", &["", LIBRARY, "hf_hub", "hub", "hf"]), ("save_token", &[FOLDER])];

/// Functions that take a token by name.
pub(crate) const TAKE_TOKEN: [&str; 15] = [
    "HfApi",
    "InferenceClient",
    "AsyncInferenceClient",
    "HfFileSystem",
    "hf_hub_download",
    "snapshot_download",
    "from_pretrained",
    "load_dataset",
    "push_to_hub",
    "upload_file",
    "upload_folder",
    "create_repo",
    "model_info",
    "dataset_info",
    "whoami",
];

/// The names by which they take it.
pub(crate) const ARGUMENTS: [&str; 3] = ["token", "use_auth_token", "api_key"];

/// Functions by whose call alone a script does nothing but log in.
pub(crate) const LOG_IN: [&str; 5] = ["login", "_login", "auth_switch", "save_token", FOLDER];
