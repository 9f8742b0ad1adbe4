//! The file in which the Hub's tools look for the token, wherever the variables of a Dockerfile move it.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::dockerfile::{Scope, normal};
use crate::effects::login_files_in;
use crate::hub::files::CACHED;
use crate::text::Text;

/// The place of the token file in one instruction.
pub(super) struct TokenPlace<'s> {
    scope: Scope<'s>,
    files: OnceCell<Option<Rc<[String]>>>,
}

impl<'s> TokenPlace<'s> {
    pub(super) fn of(scope: Scope<'s>) -> Self {
        Self { scope, files: OnceCell::new() }
    }

    /// Returns the usual path of the token file if a word names the file at another place.
    pub(super) fn usual(&self, word: &Text) -> Option<String> {
        let [usual, _] = CACHED;
        let files = self.files.get_or_init(|| login_files_in(self.scope)).as_deref()?;
        let token = files.first().filter(|file| !file.ends_with(usual))?;
        let path = self.scope.absolute(self.scope.expand(word).as_str())?;
        (normal(&path) == *token).then(|| format!("~/.cache/{usual}"))
    }
}
