//! Tests of values that are apart from what marks them as tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::named::Named;
use super::named_tests::SECRET;

/// Texts in which the value and what marks it as a token are apart.
const APART: [&str; 48] = [
    "# my hf token: @@\n",
    "# HF token: @@\n",
    "// hf token: @@\n",
    "HF Token: @@\n",
    "HF key: @@\n",
    "HF access token: @@\n",
    "HF api token: `@@`\n",
    "HF (read) token: @@\n",
    "HF write token:\n@@\n",
    "HF secret: @@\n",
    "HF password: @@\n",
    "import requests\n\nAPI_TOKEN = \"@@\"\nAPI_URL = \"https://api-inference.huggingface.co/models/gpt2\"\nheaders = {\"Authorization\": f\"Bearer {API_TOKEN}\"}\n",
    "import requests\nAPI_URL = \"https://router.huggingface.co/v1\"\nAPI_KEY = \"@@\"\n\nheaders = {\n    \"Authorization\": f\"Bearer {API_KEY}\",\n}\n",
    "API_TOKEN = '@@'\n\ndef query(data):\n    headers = {'Authorization': 'Bearer ' + API_TOKEN}\n    return requests.post('https://api-inference.huggingface.co/x', headers=headers)\n",
    "TOKEN=@@\nhf auth login --token $TOKEN\n",
    "TOKEN=@@\nls\nhuggingface-cli login --token \"$TOKEN\"\n",
    "export TOKEN=\"@@\"\necho $TOKEN | hf auth login\n",
    "TOKEN=@@\ncurl -H \"Authorization: Bearer $TOKEN\" https://huggingface.co/api/whoami-v2\n",
    "const API_KEY = \"@@\"; fetch(\"https://api-inference.huggingface.co/x\", {headers: {Authorization: `Bearer ${API_KEY}`}});\n",
    "const API_KEY = \"@@\";\nconst r = await fetch(\n  \"https://api-inference.huggingface.co/x\",\n  {headers: {Authorization: `Bearer ${API_KEY}`}}\n);\n",
    "const token = \"@@\";\nconst hf = new HfInference(token);\n",
    "KEY = \"@@\"\nc = OpenAI(\n    base_url=\"https://router.huggingface.co/v1\",\n    api_key=KEY,\n)\n",
    "{\"provider\":\"huggingface-inference-api\",\"apiKey\":\"@@\"}",
    "{\"provider\": \"huggingface\", \"api_key\": \"@@\"}",
    "{\n  \"api_key\": \"@@\",\n  \"provider\": \"huggingface\"\n}\n",
    "provider: huggingface\napi_key: @@\n",
    "llm:\n  api_key: @@\n  provider: huggingface\n",
    "- name: huggingface\n  key: @@\n",
    "[llm]\nprovider = \"huggingface\"\napi_key = \"@@\"\n",
    "litellm_params:\n  model: huggingface/a/b\n  api_key: @@\n",
    "completion(model=\"huggingface/x/y\", api_key=\"@@\")\n",
    "LLM_PROVIDER=huggingface\nLLM_API_KEY=@@\n",
    "MODEL=huggingface/a/b\nAPI_KEY=@@\n",
    "OPENAI_API_KEY=@@\nOPENAI_BASE_URL=https://router.huggingface.co/v1\n",
    "base_url: https://router.huggingface.co/v1\napi_key: @@\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: hf-secret\nstringData:\n  token: @@\n",
    "kind: Secret\nmetadata:\n  name: huggingface\ntype: Opaque\nstringData:\n  api-key: @@\n",
    "apiVersion: v1\nstringData:\n  token: @@\nkind: Secret\nmetadata:\n  name: hf-secret\n",
    "secretGenerator:\n- name: hf-token\n  literals:\n  - token=@@\n",
    "kubectl create secret generic hf-secret --from-literal=token=@@\n",
    "const t = import.meta.env.VITE_HF_TOKEN || \"@@\";\n",
    "const t = process.env.REACT_APP_HF_TOKEN || \"@@\";\n",
    "VITE_HF_TOKEN=@@\n",
    "TOKEN=\"@@\" # from https://huggingface.co/settings/tokens\n",
    "# from https://huggingface.co/settings/tokens\nTOKEN = \"@@\"\n",
    "- value: @@\n  name: HF_TOKEN\n",
    "{\"value\": \"@@\", \"name\": \"HF_TOKEN\"}",
    "{\"key\":\"hf_token\",\"value\":\"@@\"}",
];

#[test]
fn found_apart() {
    let mut wrong = Vec::new();
    for front in ["", &"x\n".repeat(900)] {
        for text in APART {
            let text = [front, text].concat();
            let at = text.find("@@").unwrap();
            let text = text.replacen("@@", SECRET, 1);
            let found = Named::default().search(text.as_bytes());
            if found != std::slice::from_ref(&(at..at + SECRET.len())) {
                wrong.push((text, found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn encoded_values_are_found() {
    for (text, value) in [
        (
            "curl -H \"Authorization: Basic @@\" https://huggingface.co/x\n",
            STANDARD.encode(format!("u:{SECRET}")),
        ),
        ("kind: Secret\nmetadata:\n  name: hf-secret\ndata:\n  token: @@\n", STANDARD.encode(SECRET)),
    ] {
        let at = text.find("@@").unwrap();
        let text = text.replacen("@@", &value, 1);
        let found = Named::default().search(text.as_bytes());
        assert_eq!(found, std::slice::from_ref(&(at..at + value.len())), "{text}");
    }
    let placeholder = STANDARD.encode("user:your-token-here");
    let text = format!("curl -H \"Authorization: Basic {placeholder}\" https://huggingface.co/x\n");
    assert!(Named::default().search(text.as_bytes()).is_empty());
}
