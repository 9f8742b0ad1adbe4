FROM python:3.12 AS base
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN huggingface-cli login --token $HF_TOKEN
FROM base AS final
RUN huggingface-cli download org/model
