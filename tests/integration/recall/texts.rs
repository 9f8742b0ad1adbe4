//! Text in which a token is encoded several times, put together, dumped, or has no known shape.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use flate2::write::ZlibEncoder;

use super::{Planted, Row};
use crate::support::files::gzip;

/// An encoding by its name.
type Encode = (&'static str, fn(&str) -> String);

fn each(text: &str, spell: impl Fn(u8) -> String) -> String {
    text.bytes().map(spell).collect()
}

const ENCODINGS: [Encode; 8] = [
    ("base64", |text| STANDARD.encode(text)),
    ("base64url", |text| URL_SAFE.encode(text)),
    ("hex", |text| each(text, |b| format!("{b:02x}"))),
    ("percent", |text| each(text, |b| format!("%{b:02X}"))),
    ("`\\u`", |text| each(text, |b| format!("\\u{b:04x}"))),
    ("`\\x`", |text| each(text, |b| format!("\\x{b:02x}"))),
    ("`U+`", |text| each(text, |b| format!("U+{b:04X}"))),
    ("`&#x;`", |text| each(text, |b| format!("&#x{b:x};"))),
];

/// A program that writes its input as a member of a zip archive.
const ZIP: &str = "import io, sys, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('app.env', sys.stdin.buffer.read())
sys.stdout.buffer.write(out.getvalue())";

/// Returns what a tool writes for an input.
fn output(command: &[&str], input: &[u8]) -> Vec<u8> {
    let (program, args) = command.split_first().unwrap();
    let mut child =
        Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// Encodings within encodings.
pub(super) fn nested(planted: &Planted) -> Vec<Row> {
    let assignment = format!("HF_TOKEN={}\n", planted.token.text());
    let mut rows = Vec::new();
    for (outer, encode) in ENCODINGS {
        for (inner, first) in ENCODINGS {
            let text = format!("value: \"{}\"\n", encode(&first(&assignment)));
            rows.push(Row::file_as(&format!("{outer} of {inner}"), "srv/data", text));
        }
    }
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let env = format!("{}{assignment}", "NAME=value\n".repeat(9));
    let mut zlib = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(env.as_bytes()).unwrap();
    let zlib = zlib.finish().unwrap();
    let zstd = zstd::encode_all(env.as_bytes(), 3).unwrap();
    let gzipped = gzip(env.as_bytes());
    let packed = |command: &[&str]| output(command, env.as_bytes());
    let each_byte = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    let wide: Vec<u8> = base64(env.as_bytes()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wider = |unit: fn(u32) -> [u8; 4]| -> Vec<u8> {
        assignment.chars().flat_map(|c| unit(u32::from(c))).collect()
    };
    let (head, tail) = planted.token.text().split_at(17);
    let lines = |sign: &str| {
        let text = base64(env.as_bytes());
        let lines =
            text.as_bytes().chunks(64).map(|line| format!("{sign}{}\n", std::str::from_utf8(line).unwrap()));
        lines.collect::<String>()
    };
    let thrice = base64(base64(base64(env.as_bytes()).as_bytes()).as_bytes());
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("base64 three times", thrice.into()),
        ("base64 of UTF-32 LE", base64(&wider(u32::to_le_bytes)).into()),
        ("base64 of UTF-32 BE", base64(&wider(u32::to_be_bytes)).into()),
        (
            "base64 of quoted-printable",
            base64(format!("mail {head}=\r\n{tail} end\r\n").replace('_', "=5F").as_bytes()).into(),
        ),
        ("base64 in UTF-16", [&b"\xff\xfe"[..], &wide].concat()),
        ("base64 in a comment", lines("# ").into()),
        ("base64 in a quotation", lines("> ").into()),
        ("`%255F` for the underscore", planted.token.text().replace('_', "%255F").into()),
        ("base64 of gzip", base64(&gzipped).into()),
        ("base64 of base64 of gzip, a Helm release", base64(base64(&gzipped).as_bytes()).into()),
        ("base64 of zlib", base64(&zlib).into()),
        ("base64 of zstd", base64(&zstd).into()),
        ("base64 of bzip2", base64(&packed(&["bzip2", "-c"])).into()),
        ("base64 of xz", base64(&packed(&["xz", "-c"])).into()),
        ("base64 of zip", base64(&packed(&["python3", "-c", ZIP])).into()),
        ("hex of bzip2", each_byte(&packed(&["bzip2", "-c"])).into()),
        ("hex of zip", each_byte(&packed(&["python3", "-c", ZIP])).into()),
        ("hex of gzip", each_byte(&gzipped).into()),
        ("`xxd` of gzip", output(&["xxd"], &gzipped)),
        ("`hexdump -C` of gzip", output(&["hexdump", "-C"], &gzipped)),
        ("`od -c` of gzip", output(&["od", "-c"], &gzipped)),
    ];
    rows.extend(forms.into_iter().map(|(form, content)| Row::file_as(form, "srv/data", content)));
    rows
}

/// Dumps, logs, and literals that a program joins.
pub(super) fn put_together(planted: &Planted) -> Vec<Row> {
    let token = planted.token.text();
    let (a, b) = token.split_at(12);
    let body = token.get(3..).unwrap();
    let line = format!("some text in front of it HF_TOKEN={token} and behind it\n");
    let coloured = {
        let input = format!("HF_TOKEN={token}\n");
        output(&["grep", "--color=always", a.get(3..9).unwrap()], input.as_bytes())
    };
    let forms: Vec<(String, Vec<u8>)> = [
        (&["xxd"][..], line.as_bytes()),
        (&["xxd", "-p"], line.as_bytes()),
        (&["hexdump", "-C"], line.as_bytes()),
        (&["od", "-c"], line.as_bytes()),
        (&["od", "-A", "x", "-t", "x1z"], line.as_bytes()),
    ]
    .into_iter()
    .map(|(command, input)| (format!("`{}`", command.join(" ")), output(command, input)))
    .chain([("`grep --color`, within the token".to_owned(), coloured)])
    .collect();
    let texts = [
        ("Python, implicit", format!("t = '{a}' '{b}'\n")),
        ("Python, `+` before more text", format!("u = 'https://u:' + '{a}' + '{b}' + '@huggingface.co'\n")),
        ("Python, `\"\".join`", format!("t = \"\".join([\"{a}\", \"{b}\"])\n")),
        ("Python, `%`", format!("t = \"{a}%s\" % \"{b}\"\n")),
        ("Python, `format`", format!("t = \"{a}{{}}\".format(\"{b}\")\n")),
        ("shell", format!("T=\"{a}\"\"{b}\"\n")),
        ("shell, a quoted prefix", format!("T=\"hf_\"{body}\n")),
        ("shell, a prefix in single quotes", format!("T='hf_'{body}\n")),
        ("shell, a quoted body", format!("T=hf_\"{body}\"\n")),
        ("shell, `$'…'`", format!("T=hf_$'{body}'\n")),
        ("Python, `+` in front of a continued line", format!("t = '{a}' + \\\n    '{b}'\n")),
        ("Python in JSON", format!("{{\"source\": \"t = (\\\"{a}\\\"\\n    \\\"{b}\\\")\\n\"}}\n")),
        ("Haskell, `++`", format!("t = \"{a}\" ++ \"{b}\"\n")),
        ("C", format!("const char *t = \"{a}\"\n  \"{b}\";\n")),
        ("JavaScript, template", format!("const t = `{a}${{\"{b}\"}}`\n")),
        ("Go", format!("t := \"{a}\" +\n\t\"{b}\"\n")),
        ("R", format!("t <- paste0(\"{a}\", \"{b}\")\n")),
        ("YAML, folded", format!("t: \"{a}\\\n    {b}\"\n")),
        ("within a name", format!("backup_{token}_2024\n")),
        ("behind a carriage return", format!("downloading 10%\rdownloading 20%\r{token}\rdone\n")),
    ];
    let texts = texts.into_iter().map(|(form, text)| (form.to_owned(), text.into_bytes()));
    forms.into_iter().chain(texts).map(|(form, content)| Row::file_as(&form, "srv/data", content)).collect()
}

/// Values of unknown shape that a name in a text marks as tokens.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn named(planted: &Planted) -> Vec<Row> {
    let forms = [
        ("app.py", "HF_TOKEN = \"@?\"\n"),
        ("app.py", "from huggingface_hub import login\nlogin(token=\"@?\")\n"),
        ("values.yaml", "hub_token: @?\n"),
        ("settings.json", "{\"huggingface_api_key\": \"@?\"}\n"),
        ("run.sh", "export HF_TOKEN=@?\n"),
        ("run.sh", "curl -H \"Authorization: Bearer @?\" https://huggingface.co/api/whoami-v2\n"),
        ("run.sh", "git clone https://u:@?@huggingface.co/org/model\n"),
        ("run.sh", "curl 'https://huggingface.co/api/models?token=@?'\n"),
        ("run.sh", "curl -H \"X-HF-Token: @?\" https://example.com\n"),
        ("run.sh", "python x.py --token ${HF_TOKEN:-@?}\n"),
        ("run.sh", "gh secret set HF_TOKEN --body @?\n"),
        ("run.sh", "echo @? | docker login -u me --password-stdin registry.hf.space\n"),
        ("run.cmd", "setx HF_TOKEN @?\n"),
        ("app.py", "HF_TOKEN: str = r\"@?\"\n"),
        ("app.py", "HF_TOKEN = (\"@?\")\n"),
        ("app.py", "hf_token = SecretStr(\"@?\")\n"),
        ("app.py", "os.environ.setdefault(\"HF_TOKEN\", \"@?\")\n"),
        ("app.py", "token = os.environ.get(\"HF_TOKEN\") or \"@?\"\n"),
        ("app.py", "parser.add_argument(\"--hf_token\", default=\"@?\")\n"),
        ("app.py", "model = AutoModel.from_pretrained(\"org/model\", token=\"@?\")\n"),
        ("app.py", "run(model, use_auth_token=\"@?\")\n"),
        ("app.py", "import huggingface_hub\nKEY = \"@?\"\nhuggingface_hub.login(KEY)\n"),
        ("app.py", "PROVIDERS = {\"huggingface\": {\"api_key\": \"@?\"}}\n"),
        ("app.js", "const hfToken = '@?'\n"),
        ("app.js", "const token = process.env.HF_TOKEN ?? `@?`\n"),
        ("app.rs", "let t = env::var(\"HF_TOKEN\").unwrap_or(\"@?\".into());\n"),
        ("app.rb", "ENV.fetch('HF_TOKEN', '@?')\n"),
        ("app.R", "HF_TOKEN <- \"@?\"\n"),
        ("app.h", "#define HF_TOKEN \"@?\"\n"),
        ("app.properties", "huggingface.token=@?\n"),
        ("app.toml", "[huggingface]\ntoken = \"@?\"\n"),
        ("app.xml", "<add key=\"HF_TOKEN\" value=\"@?\"/>\n"),
        ("app.xml", "<string name=\"hf_token\">@?</string>\n"),
        ("app.plist", "<key>HF_TOKEN</key>\n<string>@?</string>\n"),
        ("app.sql", "INSERT INTO settings VALUES ('HF_TOKEN', '@?');\n"),
        ("app.csv", "HF_TOKEN,@?\n"),
        ("values.yaml", "hf-token: @?\n"),
        ("values.yaml", "huggingface:\n  token: @?\n"),
        ("pod.yaml", "env:\n- name: HF_TOKEN\n  value: @?\n"),
        ("pod.yaml", "args:\n- --hf-token\n- @?\n"),
        ("action.yml", "inputs:\n  hf_token:\n    default: @?\n"),
        ("main.tf", "variable \"hf_token\" {\n  default = \"@?\"\n}\n"),
        ("app.env", "TOKEN_HF=@?\n"),
        ("app.env", "HF_AUTH=@?\n"),
        ("app.env", "HUGGINGFACEKEY=@?\n"),
        ("app.env", "HF_TOKEN_OLD=@?\n"),
        ("app.env", "HF_TOKEN2=@?\n"),
        ("app.env", "API_KEY_HF=@?\n"),
        ("app.env", "HF_CREDS=@?\n"),
        ("app.php", "$hfToken = \"@?\";\n"),
        ("app.ps1", "$env.HF_TOKEN = \"@?\"\n"),
        ("app.pl", "$ENV{'HF_TOKEN'} //= '@?';\n"),
        ("app.js", "f({a:1,hfToken:\"@?\"})\n"),
        (
            "app.js",
            "import { createRepo } from \"@huggingface/hub\";\ncreateRepo({ accessToken: \"@?\" });\n",
        ),
        ("app.cs", "public string HfToken { get; set; } = \"@?\";\n"),
        ("app.go", "const hfToken string = \"@?\"\n"),
        ("app.cpp", "constexpr std::string_view kHfToken = \"@?\";\n"),
        ("app.json", "{\"HuggingFace:ApiKey\": \"@?\"}\n"),
        ("Makefile.in", "HF_TOKEN ?= @?\n"),
        ("app.rb", "ENV['HF_TOKEN'] ||= '@?'\n"),
        ("app.py", "assert hf_token == \"@?\"\n"),
        ("app.py", "client = OpenAI(base_url=\"https://router.huggingface.co/v1\", api_key=\"@?\")\n"),
        ("values.yaml", "hf_token: >-\n  @?\n"),
        ("notes.md", "- **Hugging Face token**: `@?`\n"),
        ("request.http", "GET /api/whoami-v2 HTTP/1.1\nHost: huggingface.co\nAuthorization: Bearer @?\n"),
        ("query.txt", "a=HF_TOKEN%3D@?\n"),
        ("app.py", "# my hf token: @?\n"),
        ("notes.md", "HF (read) token: @?\n"),
        (
            "app.py",
            "API_TOKEN = \"@?\"\nAPI_URL = \"https://api-inference.huggingface.co/models/gpt2\"\nheaders = {\"Authorization\": f\"Bearer {API_TOKEN}\"}\n",
        ),
        ("run.sh", "TOKEN=@?\nhf auth login --token $TOKEN\n"),
        (
            "run.sh",
            "TOKEN=@?\ncurl -H \"Authorization: Bearer $TOKEN\" https://huggingface.co/api/whoami-v2\n",
        ),
        (
            "app.js",
            "const API_KEY = \"@?\"; fetch(\"https://api-inference.huggingface.co/x\", {headers: {Authorization: `Bearer ${API_KEY}`}});\n",
        ),
        ("app.js", "const token = \"@?\";\nconst hf = new HfInference(token);\n"),
        ("app.json", "{\"provider\": \"huggingface\", \"api_key\": \"@?\"}\n"),
        ("values.yaml", "provider: huggingface\napi_key: @?\n"),
        ("values.yaml", "- name: huggingface\n  key: @?\n"),
        ("values.yaml", "model: huggingface/org/model\napi_key: @?\n"),
        ("values.yaml", "base_url: https://router.huggingface.co/v1\napi_key: @?\n"),
        ("app.py", "completion(model=\"huggingface/org/model\", api_key=\"@?\")\n"),
        ("app.env", "LLM_PROVIDER=huggingface\nLLM_API_KEY=@?\n"),
        ("app.env", "OPENAI_BASE_URL=https://router.huggingface.co/v1\nOPENAI_API_KEY=@?\n"),
        ("secret.yaml", "kind: Secret\nmetadata:\n  name: hf-secret\nstringData:\n  token: @?\n"),
        ("secret.yaml", "stringData:\n  token: @?\nkind: Secret\nmetadata:\n  name: hf-secret\n"),
        ("kustomization.yaml", "secretGenerator:\n- name: hf-token\n  literals:\n  - token=@?\n"),
        ("run.sh", "kubectl create secret generic hf-secret --from-literal=token=@?\n"),
        ("app.js", "const t = import.meta.env.VITE_HF_TOKEN || \"@?\";\n"),
        ("app.env", "TOKEN=\"@?\" # from https://huggingface.co/settings/tokens\n"),
        ("pod.yaml", "env:\n- value: @?\n  name: HF_TOKEN\n"),
    ];
    let row = |(path, text): (&str, &str)| {
        let form = format!("`{path}`: `{}`", text.trim_end().replace('\n', "⏎").replace("@?", "SECRET"));
        Row::file_as(&form, &format!("srv/{path}"), text.replace("@?", &planted.opaque))
    };
    forms.into_iter().map(row).collect()
}
