FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
RUN hf download org/model --token $HF_TOKEN --local-dir /m
