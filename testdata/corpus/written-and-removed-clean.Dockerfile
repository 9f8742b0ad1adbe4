FROM python:3.12
RUN --mount=type=secret,id=HF_TOKEN \
    cat /run/secrets/HF_TOKEN > /tmp/t && hf download org/m --token "$(cat /tmp/t)" && rm -f /tmp/t
