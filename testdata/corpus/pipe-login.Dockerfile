FROM python:3.11
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN echo $HF_TOKEN | huggingface-cli login
