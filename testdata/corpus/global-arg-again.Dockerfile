ARG HF_TOKEN
FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
RUN HF_TOKEN=$HF_TOKEN hf download org/model
