//! Tests of spelled characters, and of text that is put together.

use super::*;

/// Returns all spellings of a character.
pub(super) fn spellings(b: u8) -> Vec<(String, &'static str)> {
    vec![
        (format!("%{b:02X}"), "percent"),
        (format!("%{b:02x}"), "percent"),
        (format!("\\u{b:04x}"), "escape"),
        (format!("\\u{b:04X}"), "escape"),
        (format!("\\\\u{b:04x}"), "escape"),
        (format!("\\x{b:02x}"), "escape"),
        (format!("\\{b:03o}"), "escape"),
        (format!("&#{b};"), "escape"),
        (format!("&#x{b:x};"), "escape"),
        (format!("%u{b:04x}"), "percent"),
        (format!("\\u{{{b:x}}}"), "escape"),
        (format!("\\u{{{b:04X}}}"), "escape"),
        (format!("\\u{{{b:0>24x}}}"), "escape"),
        (format!("\\\\u{{{b:x}}}"), "escape"),
        (format!("\\x{{{b:x}}}"), "escape"),
    ]
}

#[test]
fn any_character_may_be_spelled() {
    let token = token("hf_");
    for form in 0..spellings(0).len() {
        for at in 0..token.len() {
            let spelled = |n: usize, b: u8| {
                if n == at { spellings(b)[form].0.clone() } else { char::from(b).to_string() }
            };
            let text: String = token.bytes().enumerate().map(|(n, b)| spelled(n, b)).collect();
            let name = spellings(0)[form].1;
            let end = 4 + text.len();
            assert_one(format!("key={text}&x").as_bytes(), &[name], 4, 4..end);
        }
        let all: String = token.bytes().map(|b| spellings(b)[form].0.clone()).collect();
        let found = find(format!("key={all}\n").as_bytes());
        assert_eq!(found.len(), 1, "{all}");
        assert_eq!(find(mask(all.as_bytes()).as_str().as_bytes()), []);
    }
    for (text, name) in [
        (format!("hf&lowbar;{TOKEN}"), "escape"),
        (format!("hf\\_{TOKEN}"), "escape"),
        (format!("hf=5F{TOKEN}"), "escape"),
        (format!("hf\\u{{5f}}{TOKEN}"), "escape"),
        (format!("api%5Forg%5f{TOKEN}"), "percent"),
        (format!("api_org\\u005f{TOKEN}"), "escape"),
    ] {
        assert_one(format!("({text})").as_bytes(), &[name], 1, 1..1 + text.len());
    }
}

#[test]
fn code_points_may_stand_apart() {
    let points: Vec<String> = token("hf_").bytes().map(|b| format!("U+{b:04X}")).collect();
    for between in ["", " ", "\n", "\r\n", ",", ", ", ",\n", "\t"] {
        let text = points.join(between);
        assert_one(format!("x {text}\n").as_bytes(), &["escape"], 2, 2..2 + text.len());
    }
    assert_eq!(find(points.join(" and ").as_bytes()), []);
}

#[test]
fn an_escape_beside_a_token_is_no_encoding() {
    let token = token("hf_");
    for text in [format!("\\n{token}\\n"), format!("%3D{token}%26"), format!("\\u0022{token}\\u0022")] {
        let found = find(text.as_bytes());
        assert_eq!((found.len(), via(&found[0]).len()), (1, 0), "{text}");
    }
}

#[test]
fn split_literals() {
    let (head, tail) = TOKEN.split_at(17);
    let (middle, end) = tail.split_at(5);
    for text in [
        format!("\"hf_{head}\" + \"{tail}\""),
        format!("'hf_{head}' + '{tail}'"),
        format!("\"hf_\" + \"{TOKEN}\""),
        format!("\"hf\" + \"_{TOKEN}\""),
        format!("\"hf_{head}\" \"{tail}\""),
        format!("\"hf_{head}\"\n    \"{tail}\""),
        format!("\"hf_{head}\" \\\n    \"{tail}\""),
        format!("'hf_{head}' .. '{tail}'"),
        format!("'hf_{head}' . '{tail}'"),
        format!("\"hf_{head}\" + \"{middle}\" + \"{end}\""),
        format!("\\\"hf_{head}\\\" + \\\"{tail}\\\""),
        format!("\"hf_{head}\\\n{tail}\""),
        format!("\"hf_{head}\\\r\n  {tail}\""),
        format!("hf_{head}=\r\n{tail}\r\n"),
        format!("hf_{head}=\n{tail}\n"),
        format!("hf=\r\n_{head}{tail}\r\n"),
        format!("\"hf_{head}\" + '{tail}'"),
        format!("'hf_' + '{TOKEN}' + '@huggingface.co'"),
        format!("'hf_' + '{TOKEN}@huggingface.co'"),
        format!("'https://u:hf_{head}' + '{tail}@huggingface.co'"),
        format!("'hf_{head}' '{tail} and more'"),
        format!("'https://u:hf_' + '{TOKEN}' + \"@huggingface.co\""),
        format!("\"\".join([\"hf_\", \"{TOKEN}\"])"),
        format!("''.join(('hf_', '{head}', '{tail}'))"),
        format!("[\"hf_\", \"{TOKEN}\"].join(\"\")"),
        format!("paste0(\"hf_\", \"{TOKEN}\")"),
        format!("strings.Join([]string{{\"hf_\", \"{TOKEN}\"}}, \"\")"),
        format!("\"hf_%s\" % \"{TOKEN}\""),
        format!("\"hf_%s\" % (\"{TOKEN}\",)"),
        format!("\"hf_{{}}\".format(\"{TOKEN}\")"),
        format!("'hf_{{0}}'.format('{TOKEN}')"),
        format!("fmt.Sprintf(\"hf_%s\", \"{TOKEN}\")"),
        format!("\"%s%s\" % (\"hf_\", \"{TOKEN}\")"),
        format!("T=\"hf_\"\"{TOKEN}\""),
        format!("T=\"hf_\"'{TOKEN}'"),
        format!("T=\"hf_\"$'{TOKEN}'"),
        format!("`hf_${{\"{TOKEN}\"}}`"),
        format!("`${{\"hf_\"}}${{\"{TOKEN}\"}}`"),
        format!("`${{'hf_'}}{TOKEN}`"),
        format!("f\"hf_{{'{TOKEN}'}}\""),
        format!("T=\"hf_\"{TOKEN}\n"),
        format!("T='hf_'{TOKEN}"),
        format!("T=hf_\"{TOKEN}\"\n"),
        format!("T=hf_'{TOKEN}'; x"),
        format!("T=hf_$'{TOKEN}'"),
        format!("T=\"hf\"_{TOKEN}"),
        format!("T=\"hf_{head}\"{tail}\n"),
        format!("RUN T=\\\"hf_\\\"{TOKEN}\\n"),
        format!("t = 'hf_' + \\\n    '{TOKEN}'\n"),
        format!("t = 'hf_' \\\r\n    + '{TOKEN}'\n"),
        format!("t = 'hf_{head}' + \\\n'{middle}' \\\n + \\\n '{end}'\n"),
        format!("\"t = \\\"hf_\\\" + \\\\\\n    \\\"{TOKEN}\\\"\\n\""),
        format!("\"t = (\\\"hf_\\\"\\n    \\\"{TOKEN}\\\")\\n\""),
        format!("\"hf_\" ++ \"{TOKEN}\""),
        format!("t << \"hf_\" << \"{TOKEN}\""),
        format!("\"hf_\" ^ \"{TOKEN}\""),
        format!("char *t =\n  \"hf_\"\n  \"{head}\"\n  \"{tail}\";"),
    ] {
        let found = find(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(via(&found[0]), ["concatenation"], "{text} {found:?}");
        assert_eq!(found[0].token, find(token("hf_").as_bytes())[0].token);
        assert_eq!(find(mask(text.as_bytes()).as_str().as_bytes()), [], "{text}");
    }
    for text in [
        format!("\"hf_{head}\", \"{tail}\""),
        format!("paste(\"hf_{head}\" + x + \"{tail}\""),
        format!("\"hf_{head}\" + \"{tail}more\""),
        format!("\"hf_{head}\" + \"{middle}\""),
        format!("\"hf_{head}\" + \"{tail}"),
        format!("hf_{head}\n{tail}"),
        format!("'hf_'{TOKEN}s"),
        format!("T=\"hf_\" {TOKEN}"),
    ] {
        assert_eq!(find(text.as_bytes()), [], "{text}");
    }
}

#[test]
fn a_quote_behind_a_spelled_token_ends_it() {
    let text = format!("\"hf\\u005f{TOKEN}\"next");
    assert_eq!(via(&find(text.as_bytes())[0]), ["escape"]);
}

#[test]
fn colours_within_a_token() {
    let token = token("hf_");
    for at in [2, 3, 9, 20] {
        let (head, tail) = token.split_at(at);
        for text in [
            format!("a:\x1b[01;31m\x1b[K{head}\x1b[m\x1b[K{tail} b"),
            format!("T=\x1b[31m{head}\x1b[0m{tail}\r\n"),
            format!("T=\x1b[31m{head}\x1b(B\x1b[m{tail}\r\n"),
            format!("T=\\u001b[31m{head}\\u001b[0m{tail}\""),
            format!("T=\\x1b[31m{head}\\x1b[0m{tail}\""),
        ] {
            let found = find(text.as_bytes());
            assert_eq!(found.len(), 1, "{text:?}");
            assert_eq!(via(&found[0]), ["escape"], "{text:?}");
        }
    }
    let lines = format!("\r 10%\r 20% {token}\r 30%\r");
    assert_eq!(find(lines.as_bytes()).len(), 1);
}
