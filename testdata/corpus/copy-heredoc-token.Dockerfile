# syntax=docker/dockerfile:1
FROM python:3.12
COPY <<EOF /root/.cache/huggingface/token
# expect: dockerfile/literal-token
@HF_TOKEN@
EOF
