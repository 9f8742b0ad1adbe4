//! Names of variables that carry a token.

/// Whether a variable of this name carries a Hugging Face token (`HF_FACTS` section 2).
pub fn is_token_variable(name: &str) -> bool {
    matches!(name, "HF_TOKEN" | "HUGGING_FACE_HUB_TOKEN")
}
