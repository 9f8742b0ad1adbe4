FROM python:3.12
# expect: dockerfile/literal-token
RUN huggingface-cli download org/model --token @HF_TOKEN@ --local-dir /m
