//! A history entry written as the Dockerfile that leaves it, so that what reads Dockerfiles reads it as well.

use super::entry::{BUILDKIT_MARK, Entry, behind_shell};
use crate::detect::build_arguments;
use crate::dockerfile::Keyword;
use crate::sensitive::Sensitive;

/// The first line of each Dockerfile.
const FROM: &[u8] = b"FROM scratch\n";

/// Returns a Dockerfile with the instruction that left an entry. Build arguments are variables of its script.
pub(crate) fn as_dockerfile(created_by: &str) -> Sensitive {
    let arguments = build_arguments(created_by.as_bytes());
    let entry = Entry::read(created_by);
    match &entry.named {
        Some(named) if named.keyword != Keyword::Run && arguments.is_empty() => {
            let rest = match named.keyword {
                // The text of a here-document stays as it is.
                Keyword::Copy | Keyword::Add => named.rest.to_owned(),
                // Go shows a list without commas.
                _ if named.rest.starts_with('[') => listed(named.rest),
                _ => named.rest.replace(['\n', '\r'], " "),
            };
            let instruction = [FROM, named.keyword.name().as_bytes(), b" ", rest.as_bytes(), b"\n"];
            instruction.concat().into()
        }
        _ => {
            let behind = arguments.last().and_then(|last| created_by.get(last.value.end..));
            let command = behind.map_or(entry.text, |text| text.strip_suffix(BUILDKIT_MARK).unwrap_or(text));
            let command = command.trim_start();
            let command = command.strip_prefix("RUN ").unwrap_or(command).trim_start();
            // BuildKit writes `|0` in front of a command without arguments.
            let command = command.strip_prefix("|0 ").unwrap_or(command);
            let script = behind_shell(command).unwrap_or(command);
            let mut text = Sensitive::default();
            for argument in &arguments {
                let value = created_by.get(argument.value.clone()).unwrap_or_default();
                text.extend(argument.name.as_bytes());
                text.extend(b"='");
                text.extend(&Sensitive::from(value.replace('\'', r"'\''")));
                text.extend(b"'\n");
            }
            text.extend(script.as_bytes());
            in_document(&text)
        }
    }
}

/// Returns a Dockerfile whose only `RUN` is this script.
fn in_document(script: &[u8]) -> Sensitive {
    let mut name = b"SCRIPT".to_vec();
    while memchr::memmem::find(script, &name).is_some() {
        name.push(b'_');
    }
    [FROM, b"RUN <<", &name, b"\n", script, b"\n", &name, b"\n"].concat().into()
}

/// Returns a list as JSON: `["a" "b"]` has commas there.
fn listed(list: &str) -> String {
    list.replace("\" \"", "\", \"").replace(['\n', '\r'], " ")
}

/// Returns a Dockerfile whose command is this list of words.
pub(crate) fn exec_form<'w>(words: impl Iterator<Item = &'w [u8]>) -> Sensitive {
    let words: Vec<String> = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let list = Sensitive::from(serde_json::to_vec(&words).unwrap_or_default());
    [FROM, b"CMD ", &list, b"\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_instructions() {
        for (entry, expected) in [
            ("ENV A b", "ENV A b\n"),
            ("/bin/sh -c #(nop)  CMD [\"a\" \"b\"]", "CMD [\"a\", \"b\"]\n"),
            ("RUN /bin/sh -c a && b # buildkit", "RUN <<SCRIPT\na && b\nSCRIPT\n"),
            ("/bin/bash -o pipefail -c a", "RUN <<SCRIPT\na\nSCRIPT\n"),
            ("|1 A=b c /bin/sh -c echo $A", "RUN <<SCRIPT\nA='b c'\necho $A\nSCRIPT\n"),
            ("RUN |2 A=' B= /bin/sh -c a # buildkit", "RUN <<SCRIPT\nA=''\\'''\nB=''\na\nSCRIPT\n"),
            ("RUN hf download # buildkit", "RUN <<SCRIPT\nhf download\nSCRIPT\n"),
            ("|0 /bin/sh -c SCRIPT", "RUN <<SCRIPT_\nSCRIPT\nSCRIPT_\n"),
            ("COPY <<EOF /a\nb\nEOF", "COPY <<EOF /a\nb\nEOF\n"),
        ] {
            let shown = as_dockerfile(entry);
            assert_eq!(String::from_utf8_lossy(&shown), format!("FROM scratch\n{expected}"), "{entry}");
        }
        let words = [&b"a"[..], b"b\"c"].into_iter();
        assert_eq!(*exec_form(words), *b"FROM scratch\nCMD [\"a\",\"b\\\"c\"]\n");
    }
}
