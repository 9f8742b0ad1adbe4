//! The location of a login's files (`huggingface_hub` 2.4.0, `constants.py` and `_login.py`).

use super::variables::{Setting, Variables, View};
use crate::hub::files::{CACHE_HOME, DIRECTORY, HOME, STORED_TOKENS, TOKEN, TOKEN_PATH};

/// Returns the files that a login writes, the token first, according to the environment. The paths begin
/// with `~` if the home directory is unknown. Returns `None` if the location is entirely unknown.
pub(super) fn login_files(variables: &Variables<'_>) -> Option<[String; 2]> {
    let setting = |name| variables.setting(name, View::Program);
    let (directory, token) = match setting(TOKEN_PATH) {
        Setting::Unknown => return None,
        Setting::Known(path) if !path.is_empty() => {
            (path.rsplit_once('/').map_or(".", |(parent, _)| parent).to_owned(), path)
        }
        _ => {
            let home = match setting(HOME) {
                Setting::Unknown => return None,
                Setting::Known(path) if !path.is_empty() => path,
                _ => match setting(CACHE_HOME) {
                    Setting::Unknown => return None,
                    Setting::Known(path) if !path.is_empty() => format!("{path}/{DIRECTORY}"),
                    _ => format!("{}/.cache/{DIRECTORY}", variables.home(View::Program)),
                },
            };
            (home.clone(), format!("{home}/{TOKEN}"))
        }
    };
    Some([token, format!("{directory}/{STORED_TOKENS}")])
}

/// Returns true if a login creates the path: one of its files, their directory or a cache directory above
/// that.
pub(crate) fn is_made_by_login(path: &str, files: &[String]) -> bool {
    let directory = files.first().and_then(|file| file.rsplit_once('/')).map(|(directory, _)| directory);
    let is_cache = path.rsplit('/').next() == Some(".cache")
        && files.iter().any(|file| super::pattern::covers(path, file));
    files.iter().any(|file| file == path) || directory == Some(path) || is_cache
}
