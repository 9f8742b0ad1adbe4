FROM python:3.9
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN python -c "from huggingface_hub import HfFolder; HfFolder.save_token('$HF_TOKEN')"
