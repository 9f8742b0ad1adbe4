//! Credentials in the URLs of Hugging Face hosts: `https://alice:…@huggingface.co/org/model`, `?token=…`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::host::is_hub;
use super::value::{is_lone_credential, is_opaque, is_password};

/// Returns the offsets of passwords in such URLs, and of users that are credentials themselves.
pub(super) fn credentials(content: &[u8]) -> Vec<usize> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u):(?:\\?/){2}([^\s/?#@"'`<>|\\]+)@([A-Za-z0-9.-]+)"#).expect("a valid pattern")
    });
    // In the userinfo of a URL, a slash is written `%2F`. In JSON, a slash outside the userinfo may be
    // written `\/`.
    let found = USERINFO.captures_iter(content).filter_map(|captures| {
        let (userinfo, host) = (captures.get(1)?, captures.get(2)?);
        if !is_hub(host.as_bytes()) {
            return None;
        }
        let userinfo_at = userinfo.start();
        let userinfo = userinfo.as_bytes();
        match memchr::memchr(b':', userinfo) {
            Some(colon) => {
                let (user, password) = userinfo.split_at(colon);
                let password = password.get(1..).unwrap_or_default();
                if is_password(password) {
                    Some(userinfo_at + colon + 1)
                } else {
                    // `https://…:x-oauth-basic@`
                    is_lone_credential(user).then_some(userinfo_at)
                }
            }
            None => is_lone_credential(userinfo).then_some(userinfo_at),
        }
    });
    found.collect()
}

/// Returns the tokens in the queries of such URLs: `?token=…`.
pub(super) fn arguments(content: &[u8]) -> Vec<Range<usize>> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static QUERY: LazyLock<Regex> = LazyLock::new(|| {
        let ends = r#"\s"'`<>|\\#"#;
        let names = r"(?:(?:hf|access|api|auth|use_auth)[_-]?)?(?:token|key)";
        Regex::new(&format!(
            r"(?-u):(?:\\?/){{2}}(?:[^{ends}/?@]*@)?([A-Za-z0-9.-]+)(?::[0-9]+)?(?:\\?/[^{ends}/?]*)*\?(?:[^{ends}]*&)?{names}=([^{ends}&]+)"
        ))
        .expect("a valid pattern")
    });
    let found = QUERY.captures_iter(content).filter_map(|captures| {
        let (host, value) = (captures.get(1)?, captures.get(2)?);
        (is_hub(host.as_bytes()) && is_opaque(value.as_bytes())).then(|| value.range())
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for text in [
            "https://hf_user:!opaque-v4lue@huggingface.co",
            "https://user:!opaque-v4lue@huggingface.co\n",
            "url = https://alice:!0paque%2Fv4lue@hf.co/org/model\n",
            "git+https://oauth2:!opaque-v4lue@huggingface.co/org/x@main#egg=x",
            "{\"url\": \"https:\\/\\/u:!opaque-v4lue@huggingface.co\\/x\"}",
            "https://:!opaque-v4lue@huggingface.co/x",
            "https://!Zq7umpmhsEJNpjJOQGar@huggingface.co/x",
            "https://!Zq7umpmhsEJNpjJOQGar:x@huggingface.co/x",
            "[url \"https://u:!opaque-v4lue@HuggingFace.co/\"]\n",
        ] {
            let at = text.find('!').unwrap();
            assert_eq!(credentials(text.replace('!', "").as_bytes()), [at], "{text}");
        }
    }

    #[test]
    fn found_in_queries() {
        for text in [
            "https://huggingface.co/x?token=!opaque-v4lue\n",
            "\"https:\\/\\/x.hf.space:443\\/a?b=c&api_key=!opaque-v4lue&d\"",
        ] {
            let at = text.find('!').unwrap();
            let value = at..at + "opaque-v4lue".len();
            assert_eq!(arguments(text.replace('!', "").as_bytes()), std::slice::from_ref(&value), "{text}");
        }
    }

    #[test]
    fn silent() {
        for text in [
            "https://huggingface.co/org/model",
            "https://git@huggingface.co",
            "git@hf.co:org/model",
            "ssh://git@hf.co/org/model",
            "https://julien-c@huggingface.co/org/model",
            "https://hf_user@huggingface.co",
            "https://user:$HF_TOKEN@huggingface.co",
            "https://user:${HF_TOKEN}@huggingface.co",
            "https://user:<token>@huggingface.co",
            "https://user:your_token@huggingface.co",
            "https://user:***@huggingface.co",
            "https://user:****@huggingface.co",
            "https://user:password@huggingface.co",
            "https://user:{token}@huggingface.co",
            "https://user:opaque-v4lue@github.com/x?y=huggingface.co",
            "https://example.com/a:opaque-v4lue@huggingface.co",
            "https://user:opaque-v4lue",
            "https://example.com/x?token=opaque-v4lue&to=huggingface.co",
            "https://huggingface.co/x?max_tokens=opaque-v4lue",
            "https://huggingface.co/x?token=$HF_TOKEN",
            "://@huggingface.co",
        ] {
            assert!(credentials(text.as_bytes()).is_empty(), "{text}");
            assert!(arguments(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
