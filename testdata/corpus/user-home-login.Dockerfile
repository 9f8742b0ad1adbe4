FROM python:3.12
RUN useradd -m app
USER app
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN huggingface-cli login --token $HF_TOKEN --add-to-git-credential
