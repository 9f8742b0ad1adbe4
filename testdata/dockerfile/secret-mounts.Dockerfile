# syntax=docker/dockerfile:1.10
# check=skip=SecretsUsedInArgOrEnv
FROM python:3.12
RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \
    --mount=type=cache,target=/root/.cache/pip \
    pip install huggingface_hub && hf download org/model
RUN --mount=type=secret,id=HF_TOKEN hf auth login --token "$(cat /run/secrets/HF_TOKEN)"
RUN --network=none echo done
