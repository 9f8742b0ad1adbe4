FROM ghcr.io/huggingface/text-generation-inference:3.0
ENV HF_TOKEN="" HF_TOKEN_PATH=/run/secrets/hf_token
ENV HUGGING_FACE_HUB_TOKEN=
ENV MODEL_ID=org/model MAX_TOTAL_TOKENS=4096
