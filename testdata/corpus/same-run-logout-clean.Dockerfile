# syntax=docker/dockerfile:1
FROM python:3.12
RUN pip install huggingface_hub
RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \
    hf auth login --token "$HF_TOKEN" \
    && hf download org/model --local-dir /m \
    && hf auth logout
