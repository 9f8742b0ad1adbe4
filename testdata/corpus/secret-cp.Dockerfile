FROM python:3.12
RUN --mount=type=secret,id=HF_TOKEN mkdir -p /root/.cache/huggingface && \
# expect: dockerfile/token-written-to-file
    cp /run/secrets/HF_TOKEN /root/.cache/huggingface/token
