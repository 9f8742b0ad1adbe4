FROM python:3.12
ENV HF_HOME=/data/hf
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN hf auth login --token $HF_TOKEN && rm -rf ~/.cache/huggingface
