use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::named::{Named, PIECE, opaque_in};
use crate::detect::Scanner;

pub(super) const SECRET: &str = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";
const LETTERS: &str = "ZqumpmhsEJNpjJOQGarbFlYmGylvuhfJXq";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn found() {
    let mut wrong = Vec::new();
    for text in [
        "HF_TOKEN = \"@@\"\n",
        "import os\nos.environ[\"HF_TOKEN\"] = '@@'\n",
        "from huggingface_hub import login\n\nx = 1\n\n\n\nlogin(token=\"@@\")\n",
        "from huggingface_hub import login\nlogin('@@')\n",
        "import huggingface_hub\nhuggingface_hub.login(\n    \"@@\",\n)\n",
        "# hugging\nm = AutoModel.from_pretrained(\n    \"org/model\",\n    revision=\"main\",\n    token=\"@@\",\n)\n",
        "hub_token: @@\n",
        "a:\n  hub_token: \"@@\"\n  b: 1\n",
        "{\"huggingface_api_key\": \"@@\"}",
        "{\"env\": {\"HF_TOKEN\":\"@@\"}}",
        "#!/bin/sh\nexport HF_TOKEN=@@\nhf download org/model\n",
        "HF_TOKEN=@@ python x.py\n",
        "setenv HF_TOKEN @@\n",
        "ENV HF_TOKEN @@\n",
        "{\"source\":[\"%env HF_TOKEN @@\\n\"]}",
        "curl --oauth2-bearer @@ https://huggingface.co/x\n",
        "curl -H \"Authorization: Bearer @@\" https://huggingface.co/api/whoami-v2\n",
        "curl https://huggingface.co/api/whoami-v2 \\\n  -H 'Authorization: Bearer @@'\n",
        "curl -L -H \"Authorization: Bearer @@\" \\\n  -o x \\\n  https://huggingface.co/a/b/resolve/main/x\n",
        "hf download org/model --token @@\n",
        "hf upload org/model . --token=@@\n",
        "env:\n- name: HF_TOKEN\n  value: @@\n",
        "{\"environment\": [{\"name\": \"HF_TOKEN\", \"value\": \"@@\"}]}",
        "\"%env HF_TOKEN=@@\\n\",\n",
        "HF_TOKEN: str = \"@@\"\n",
        "HF_TOKEN = \"hf_@@\"\n",
        "URL = 'https://huggingface.co/x'\nheaders = {\"Authorization\": \"Bearer @@\"}\n",
        "git clone https://u:@@@huggingface.co/org/x\n",
        "hf auth login --token @@\n",
        "echo @@ | hf auth login\n",
        "echo @@ > ~/.cache/huggingface/token\n",
        "docker login -u me -p @@ registry.hf.space\n",
        "echo @@ | docker login -u me --password-stdin registry.hf.space\n",
        "echo \"machine huggingface.co login u password @@\" >> ~/.netrc\n",
        "printf 'url=https://huggingface.co\\nusername=u\\npassword=@@\\n' | git credential approve\n",
        "vllm serve m --hf-token @@\n",
        "hf auth login <<< '@@'\n",
        "docker login -u me --password-stdin registry.hf.space <<< @@\n",
        "docker login -u me registry.hf.space --password-stdin <<<\"@@\"\n",
        "from transformers import AutoModel\nm = AutoModel.from_pretrained('x/y', token='@@')\n",
        "m = f(use_auth_token='@@')\n",
        "import huggingface_hub\n\nTOKEN = '@@'\nx = 1\n\nhuggingface_hub.login(TOKEN)\n",
        "KEY = \"@@\"\nmodel = AutoModel.from_pretrained(\n    'x/y',\n    token=KEY,\n)\n",
        "from huggingface_hub import InferenceClient\n\n\n\n\n\n\n\n\n\nc = InferenceClient(api_key='@@')\n",
        "HEADERS = {\n  'Authorization': 'Bearer @@',\n}\na = 1\nb = 2\nc = 3\nURL = 'https://huggingface.co/x'\n",
        "curl 'https://api-inference.huggingface.co/models/x?wait=1&token=@@'\n",
        "wss://x.endpoints.huggingface.cloud/ws?access_token=@@#a\n",
        "HF_TOKEN=eyJhbGciOiJFZERTQSJ9.@@.b4Xk0Lw3TnR8\n",
        "hf:\n  token: @@\n",
        "{\"hf\": {\"token\": \"@@\"}}",
        "hfApiKey: '@@',\n",
        "const hfToken = \"@@\";\n",
        "hf-token: @@\n",
        "X-HF-Token: @@\n",
        "huggingface.token=@@\n",
        "{\"huggingFaceApiKey\": \"@@\"}",
        "HF_API=@@\n",
        "HF_PAT=\"@@\"\n",
        "TOKEN_HF=@@\n",
        "HUGGINGFACEKEY = \"@@\"\n",
        "huggingface:\n  token: @@\n",
        "[huggingface]\ntoken = \"@@\"\n",
        "os.environ.setdefault(\"HF_TOKEN\", \"@@\")\n",
        "INSERT INTO config VALUES ('HF_TOKEN', '@@');\n",
        "HF_TOKEN,@@\n",
        "t = os.environ.get(\"HF_TOKEN\") or \"@@\"\n",
        "const t = process.env.HF_TOKEN || '@@';\n",
        "const t = process.env['HF_TOKEN'] ?? `@@`;\n",
        "let t = env::var(\"HF_TOKEN\").unwrap_or(\"@@\".into());\n",
        "hf_token = args.token or \"@@\"\n",
        "export T=${HF_TOKEN:-@@}\n",
        "export T=\"${HF_TOKEN-@@}\"\n",
        "#define HF_TOKEN \"@@\"\n",
        "HF_TOKEN <- \"@@\"\n",
        "setx HF_TOKEN @@\n",
        "gh secret set HF_TOKEN --body @@\n",
        "<HF_TOKEN>@@</HF_TOKEN>\n",
        "<key>HF_TOKEN</key>\n<string>@@</string>\n",
        "<string name=\"hf_token\">@@</string>\n",
        "parser.add_argument(\"--hf_token\", type=str, default=\"@@\")\n",
        "variable \"hf_token\" {\n  type = string\n  default = \"@@\"\n}\n",
        "inputs:\n  hf_token:\n    description: x\n    default: @@\n",
        "HF_TOKEN = r\"@@\"\n",
        "HF_TOKEN = (\"@@\")\n",
        "HF_TOKEN = \"\"\"@@\"\"\"\n",
        "hf_token: SecretStr = SecretStr(\"@@\")\n",
        // A sign in front of the name.
        "<?php $hfToken = \"@@\";\n",
        "my $hf_token = '@@';\n",
        "[string]$hfToken = \"@@\"\n",
        "$env.HF_TOKEN = \"@@\"\n",
        "$hf-token: \"@@\";\n",
        "@hf_token = '@@'\n",
        "$ENV{HF_TOKEN} = '@@';\n",
        "$ENV{'HF_TOKEN'} //= '@@';\n",
        // No blank.
        "x={hfToken:\"@@\"}\n",
        "f({a:1,HF_TOKEN:'@@',b:2})\n",
        "HF_TOKEN:@@\n",
        // Names.
        "HF_TOKEN2=@@\n",
        "HF_TOKEN_OLD: @@\n",
        "HUGGINGFACE_TOKEN_V2 = \"@@\"\n",
        "HF_CREDS=@@\n",
        "HF_PASSWD=@@\n",
        "HfToken = \"@@\"\n",
        "HfApiKey: @@\n",
        "constexpr std::string_view kHfToken = \"@@\";\n",
        "KEY_HF=@@\n",
        "SECRET_HF: @@\n",
        "API_KEY_HUGGINGFACE=@@\n",
        "huggingface/token: @@\n",
        "{\"huggingface:token\": \"@@\"}\n",
        "config[\"HuggingFace:ApiKey\"] = \"@@\";\n",
        // Operators.
        "HF_TOKEN := @@\n",
        "HF_TOKEN ?= @@\n",
        "HF_TOKEN::=@@\n",
        "ENV['HF_TOKEN'] ||= '@@'\n",
        "HF_TOKEN:-@@\n",
        "if hf_token == \"@@\": pass\n",
        "if (hfToken === '@@') {}\n",
        "hf_token:\n  @@\n",
        "hf_token: |\n  @@\n",
        "HF_TOKEN =\n\"@@\"\n",
        "hf_token: !!str @@\n",
        "HF_TOKEN%3D@@\n",
        "{\"a\":\"HF_TOKEN\\u003d@@\"}\n",
        "data=\"{&quot;hf_token&quot;:&quot;@@&quot;}\"\n",
        "<hf_token><![CDATA[@@]]></hf_token>\n",
        // Types.
        "const hfToken string = \"@@\"\n",
        "var hfToken: String = \"@@\"\n",
        "Const HF_TOKEN As String = \"@@\"\n",
        "static char hf_token[] = \"@@\";\n",
        "public string HfToken { get; set; } = \"@@\";\n",
        "NSString *hfToken = @\"@@\";\n",
        "std::string hf_token{\"@@\"};\n",
        "config.setHfToken(\"@@\");\n",
        "(setq hf-token \"@@\")\n",
        "HF_TOKENS = [\"@@\"]\n",
        // Lines of a notebook.
        "\"source\": [\n \"HF_TOKEN = \\\"@@\\\"\\n\",\n",
        "\"source\": [\n \"HF_TOKEN = f\\\"@@\\\"\\n\",\n",
        "\"source\": [\n \"HF_TOKEN = \\\"\\\"\\\"@@\\\"\\\"\\\"\\n\",\n",
        "\"source\": [\n \"hf_token = SecretStr(\\\"@@\\\")\\n\",\n",
        " \"import huggingface_hub\\n\",\n \"TOKEN = \\\"@@\\\"\\n\",\n \"huggingface_hub.login(TOKEN)\"\n",
        // Columns of a table.
        "id,hf_token\n1,@@\n",
        "\"id\";\"HF_TOKEN\"\n\"1\";\"@@\"\n",
        "hf_token\n@@\n",
        "| user | hf_token |\n|---|---|\n| a | @@ |\n",
    ] {
        let prefix = ["hf_@@", "eyJhbGciOiJFZERTQSJ9.@@"].iter().find(|text_of| text.contains(**text_of));
        let prefix = prefix.map_or(0, |with| with.len() - 2);
        let suffix = if text.contains("@@.") { ".b4Xk0Lw3TnR8".len() } else { 0 };
        let at = text.find("@@").unwrap() - prefix;
        let text = text.replacen("@@", SECRET, 1);
        let found = Named::default().search(text.as_bytes());
        let range = at..at + prefix + SECRET.len() + suffix;
        if found != std::slice::from_ref(&range) {
            wrong.push((text, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn long_values_of_letters_need_no_quotes() {
    for text in [
        "HF_TOKEN=@@\n",
        "hf_token: @@\n",
        "export HF_TOKEN=@@\n",
        "hf auth login --token @@\n",
        "login(\"@@\")\n",
        "curl -H \"Authorization: Bearer @@\" https://huggingface.co/api\n",
        "git clone https://u:@@@huggingface.co/org/x\n",
    ] {
        for value in [format!("hf_{LETTERS}WkdQ"), LETTERS.to_owned()] {
            if text.starts_with("login") && !value.contains('_') {
                continue;
            }
            let text = text.replacen("@@", &value, 1);
            let at = text.find(&value).unwrap();
            let range = at..at + value.len();
            assert_eq!(Named::default().search(text.as_bytes()), std::slice::from_ref(&range), "{text}");
        }
    }
    for text in
        ["HF_TOKEN=TheTokenizerOfTheHuggingFaceLanguageModel\n", "hf_token: getTheTokenFromTheSettings\n"]
    {
        assert!(Named::default().search(text.as_bytes()).is_empty(), "{text}");
    }
}

#[test]
fn a_name_and_its_value_may_be_encoded_together() {
    for text in
        [format!("HF_TOKEN={SECRET}\n"), format!("{{\"a\": 1, \"huggingface_api_key\": \"{SECRET}\"}}")]
    {
        let each = |form: fn(u8) -> String| text.bytes().map(form).collect::<String>();
        for encoded in [
            STANDARD.encode(&text),
            each(|b| format!("{b:02x}")),
            each(|b| format!("%{b:02X}")),
            each(|b| format!("\\u{b:04x}")),
            STANDARD.encode(STANDARD.encode(&text)),
        ] {
            for step in [7, 4096] {
                let mut scanner = Scanner::new().with_names();
                format!("x = \"{encoded}\"\n").as_bytes().chunks(step).for_each(|piece| scanner.feed(piece));
                let found = scanner.finish();
                assert_eq!(found.len(), 1, "{encoded}");
                assert!(found.iter().all(|found| !found.via.is_empty() && found.is_unknown()));
            }
            let mut without = Scanner::new();
            without.feed(encoded.as_bytes());
            assert!(without.finish().is_empty());
        }
    }
}

#[test]
fn silent() {
    for text in [
        "HF_TOKEN = \"your_token_here\"\n",
        "HF_TOKEN = os.environ[\"HF_TOKEN_OF_MINE_2024\"]\n",
        "HF_TOKEN=$HF_TOKEN\n",
        "HF_TOKEN=/run/secrets/hf_token_of_mine_1a\n",
        "hf_token: Optional[str] = None\n",
        "hf_token=self.settings2.hub_tokenValue\n",
        "hub_token: ${{ secrets.HF_TOKEN }}\n",
        "hub_token=\"my-dog-has-fleas-and-more\"\n",
        "login(token=\"@@\")\n",
        "wandb.login(key=\"@@\")  # huggingface\n",
        "GITHUB_TOKEN=@@\n",
        "hf_model_revision: @@\n",
        "git clone https://u:@@@github.com/x\n# hugging\n",
        "curl -H 'Authorization: Bearer @@' https://example.com\n",
        "huggingface: {\"sha\": \"@@\"}\n",
        "HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        "HF_TOKEN=\"0123456789abcdef0123456789abcdef\"\n",
        "f(\"org/model\", token=hf_token, revision=\"3f2a9c4be1d05786a1b2c3d4e5f60718293a4b5c\")\n",
        "p.add_argument(\"--hf_token\", type=str)\np.add_argument(\"--sha\", default=\"@@\")\n",
        "echo $HF_TOKEN > @@\n",
        "url = helper._prepare_url(\"hf_token\", \"hexgrad/Kokoro-82M-v1.0-ONNX\")\n",
        "f(\"hf_token\", \"3f2a9c4be1d05786a1b2c3d4e5f60718293a4b5c\")\n",
        "HF_MODEL = \"@@\"\nhf_revision: @@\nhfCacheKey: @@\nhf_path: @@\n",
        "hf_tokenizer_file: \"@@\"\n",
        "selfTokens = \"@@\"\nrefToken2:@@\n",
        "HF_EOS_TOKEN:@@\nHF_CACHE_KEY := @@\nMAX_TOKENS_HF=@@\nMODEL_KEY_HF=@@\n",
        "readonly hfToken: SecretString20240101;\n",
        "hf_token:\n  other_name2: a\n",
        "hf_token == other_token_value2\n",
        "echo $HF_TOKEN @@\n",
        "HF_TOKEN=\nOTHER=@@\n",
        "https://huggingface.co/settings/token: @@\n",
        "id,hf_model\n1,@@\n",
        "id,hf_token\n1,3f2a9c4be1d05786a1b2c3d4e5f60718293a4b5c\n",
        "check(hf_token, a)\ncheck(@@, a)\n",
        "\"TOKEN = \\\"@@\\\"\\n\",\n\"wandb.login(TOKEN)\"\n",
        "data:\n  HF_TOKEN: PHlvdXItdG9rZW4+\n",
        "data:\n  HF_TOKEN: eW91ci1odWdnaW5nLWZhY2UtdG9rZW4=\n",
        "# the shelf token: @@\n# half token: @@\n# HF model: @@\n",
        "# token for HFX: @@\n# sha for HF: @@\n",
        "API_KEY = \"@@\"\nAPI_URL = \"https://api.example.com\"\nheaders = {\"Authorization\": f\"Bearer {API_KEY}\"}\n",
        "TOKEN=@@\ngit push\nhf auth login --token $HF_TOKEN\n",
        "const token = \"@@\";\nconst gh = new Octokit(token);\n",
        "{\"provider\": \"openai\", \"api_key\": \"@@\"}, {\"provider\": \"huggingface\"}",
        "EMBEDDING_PROVIDER=huggingface\nOPENAI_API_KEY=@@\n",
        "- name: huggingface\n  revision: @@\n- name: other\n  key: @@\n",
        "kind: Secret\nmetadata:\n  name: github\nstringData:\n  token: @@\n",
        "kind: ConfigMap\nmetadata:\n  name: hf-secret\ndata:\n  token: @@\n",
        "const t = import.meta.env.VITE_HF_MODEL || \"@@\";\n",
        "# https://huggingface.co/settings/tokens\nREVISION = \"@@\"\n",
        "- value: @@\n- name: HF_TOKEN\n",
        "encryptedData:\n  HF_TOKEN: AgBy3@@@@@@@@\n",
    ] {
        let text = text.replace("@@", SECRET);
        let found = Named::default().search(text.as_bytes());
        assert!(found.is_empty(), "{text}");
    }
}

#[test]
fn a_text_of_names_takes_linear_time() {
    for text in [
        "hf_",
        "HF_TOKEN=",
        "token=",
        "login(",
        "hub_token: a\n",
        "hugging://u:",
        "hf_aZ0bY1cX2dW3eV4",
        "login(hf_aZ0bY1cX2dW3eV4",
        "login(a)\n",
        "a\na\nlogin(hf_aZ0bY1cX2dW3eV4,a)",
        "\"hf\":{\"hf_aZ0bY1cX2dW3eV4\":",
        "hf:\nhf_aZ0bY1cX2dW3eV4\n",
        "[hf]token=hf_aZ0bY1cX2dW3eV4",
        "${HF_TOKEN:-hf_aZ0bY1cX2dW3eV4",
        "HF_TOKEN hf_aZ0bY1cX2dW3eV4 default",
        "hugging://h/?token=hf_aZ0bY1cX2dW3eV4&",
        "use_auth_token=(((((hf_aZ0bY1cX2dW3eV4",
        "--token=",
        "--token a ",
        "hf_token --token=a",
        "Authorization: Bearer hf_aZ0bY1cX2dW3eV4 ",
        "machine huggingface.co login a password hf_aZ0bY1cX2dW3eV4 ",
        "HF token: @@ ",
        "for HF ",
        "hf ",
        "aa=aa login(aa,@@ ",
        "aa=Authorization: Bearer $aa hf.co @@ ",
        "aa=aa;hf x --token $aa @@ ",
        "aa=new HfInference(aa @@,",
        "name=hf-,key=@@,",
        "- name: hf-\n  key: @@\n",
        "{provider:huggingface,key:@@,",
        "kind: Secret name: hf-x data:{token: @@,",
        "secretGenerator:\n  name: hf-x\n  literals:\n  - token=@@\n",
        "secret generic hf-x --from-literal=token=@@ ",
        "# hf.co/settings/tokens token=@@ ",
        "value:@@,name:HF_TOKEN,",
    ] {
        let text = text.replace("@@", "aZ0bY1cX2dW3eV4ab");
        Named::default().search(text.repeat((1 << 20) / text.len()).as_bytes());
        opaque_in(format!("echo {} hf_", text.repeat(2 * PIECE / text.len())).as_bytes());
    }
}

#[test]
fn pieces_of_a_long_text_have_the_values_of_the_whole() {
    for separator in [" ", "\n"] {
        let filler = ["abc", separator].concat();
        let mut text = String::new();
        let mut expected = Vec::new();
        for n in 0..40 {
            text.push_str(&filler.repeat(700 + n));
            text.push_str("HF_TOKEN=");
            expected.push(text.len()..text.len() + SECRET.len());
            text.push_str(SECRET);
            text.push_str(separator);
        }
        assert!(text.len() > 3 * PIECE);
        assert_eq!(opaque_in(text.as_bytes()), expected);
    }
}
