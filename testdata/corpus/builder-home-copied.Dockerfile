FROM python:3.12 AS fetch
RUN --mount=type=secret,id=hf,env=HF_TOKEN \
# expect: dockerfile/login-with-secret-mount
    hf auth login --token $HF_TOKEN && hf download org/model

FROM python:3.12-slim
COPY --from=fetch /root/.cache/huggingface /root/.cache/huggingface
