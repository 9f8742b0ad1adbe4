# syntax=docker/dockerfile:1
FROM python:3.12
RUN --mount=type=secret,id=hf,env=HF_TOKEN <<EOF
set -eux
pip install huggingface_hub
# expect: dockerfile/login-with-secret-mount
hf auth login --token $HF_TOKEN
hf download org/model
EOF
