# syntax=docker/dockerfile:1
FROM vllm/vllm-openai:v0.8.5
RUN --mount=type=secret,id=hf_token,required=true \
    HF_TOKEN="$(cat /run/secrets/hf_token)" python3 -c "from huggingface_hub import snapshot_download; snapshot_download('org/m')"
ENTRYPOINT ["python3", "-m", "vllm.entrypoints.openai.api_server"]
