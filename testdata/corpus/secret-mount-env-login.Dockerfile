# syntax=docker/dockerfile:1.10
FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim
RUN uv pip install --system huggingface_hub
# expect: dockerfile/login-with-secret-mount
RUN --mount=type=secret,id=hf,env=HF_TOKEN huggingface-cli login --token "$HF_TOKEN"
RUN hf download org/model
