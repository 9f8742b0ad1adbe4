FROM python:3.12
RUN --mount=type=secret,id=t \
    huggingface-cli login --token "$(cat /run/secrets/t)" \
    && huggingface-cli download org/model \
    && rm -rf /root/.cache/huggingface/token /root/.cache/huggingface/stored_tokens
