FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN if [ -n "$HF_TOKEN" ]; then huggingface-cli login --token "$HF_TOKEN"; fi
