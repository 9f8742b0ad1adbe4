//! The Python library of the Hub: its names, and the functions that take, keep or remove a token.

/// The name of the library.
pub(crate) const LIBRARY: &str = "huggingface_hub";

/// The relevant names that `from huggingface_hub import *` imports.
pub(crate) const EXPORTS: [&str; 4] = ["login", "logout", "auth_switch", FOLDER];

/// The modules that define the [`EXPORTS`].
pub(crate) const SUBMODULES: [&str; 3] = ["_login", "utils", "hf_api"];

/// The class of releases before 1.0 that keeps the token.
const FOLDER: &str = "HfFolder";

/// The argument of a login that says whether the token is also handed to git.
pub(crate) const FOR_GIT: &str = "add_to_git_credential";

/// The effect of a function on tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Writes the token and the list of tokens.
    LogIn,
    /// Writes only the token.
    Save,
    /// Removes the stored tokens.
    LogOut,
}

/// The functions with an effect on tokens, by their path within the library.
pub(crate) static FUNCTIONS: [(&[&str], Does); 6] = [
    (&["login"], Does::LogIn),
    (&["auth_switch"], Does::LogIn),
    (&["_login"], Does::LogIn),
    (&["logout"], Does::LogOut),
    (&[FOLDER, "delete_token"], Does::LogOut),
    (&[FOLDER, "save_token"], Does::Save),
];

/// The name of a login call in messages.
pub(crate) const LOGIN: &str = "huggingface_hub.login";
/// The name of a call that keeps the token in messages.
pub(crate) const SAVE: &str = "HfFolder.save_token";

/// Functions whose first argument is a token, each with the names that may qualify the call.
pub(crate) static TAKE_TOKEN_FIRST: [(&str, &[&str]); 2] =
    [("login", &["", LIBRARY, "hf_hub", "hub", "hf"]), ("save_token", &[FOLDER])];

/// Functions that take a token as a keyword argument. Other libraries have functions of these names as well.
pub(crate) const TAKE_TOKEN: [&str; 20] = [
    "InferenceClient",
    "AsyncInferenceClient",
    "InferenceApi",
    "Repository",
    "snapshot_download",
    "upload_file",
    "upload_folder",
    "upload_large_folder",
    "create_repo",
    "create_commit",
    "delete_repo",
    "model_info",
    "dataset_info",
    "list_repo_files",
    "repo_exists",
    "file_exists",
    "whoami",
    "pipeline",
    "SentenceTransformer",
    "load_dataset_builder",
];

/// Functions of that kind that only the libraries of the Hub have.
pub(crate) const TAKE_HUB_TOKEN: [&str; 7] = [
    "HfApi",
    "HfFileSystem",
    "hf_hub_download",
    "from_pretrained",
    "push_to_hub",
    "load_dataset",
    "get_dataset_config_names",
];

/// The keywords of that argument.
pub(crate) const ARGUMENTS: [&str; 3] = ["token", HUB_ARGUMENT, "api_key"];
/// The keyword that only the libraries of the Hub have.
pub(crate) const HUB_ARGUMENT: &str = "use_auth_token";

/// The functions whose calls alone make a script do nothing but log in.
pub(crate) const LOG_IN: [&str; 5] = ["login", "_login", "auth_switch", "save_token", FOLDER];
