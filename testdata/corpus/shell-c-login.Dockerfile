FROM python:3.12
SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN bash -c "hf auth login --token '$HF_TOKEN'"
