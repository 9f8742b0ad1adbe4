FROM python:3.12
# expect: dockerfile/copies-token-file
COPY .cache/huggingface /root/.cache/huggingface
