FROM python:3.12
RUN --mount=type=secret,id=t \
# expect: dockerfile/login-with-secret-mount
    hf auth login --token "$(cat /run/secrets/t)" \
    && hf download org/model \
    && rm -f /root/.cache/huggingface/token
