# syntax=docker/dockerfile:1
FROM python:3.12
ENV HF_HOME=/cache/hf
RUN --mount=type=cache,target=/cache/hf --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \
    hf download org/model --local-dir /models
