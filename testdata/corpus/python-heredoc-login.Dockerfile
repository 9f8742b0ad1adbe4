# syntax=docker/dockerfile:1
FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
RUN <<EOF python3
import os
from huggingface_hub import login, snapshot_download
# expect: dockerfile/login-command
login(token=os.environ["HF_TOKEN"])
snapshot_download("org/private")
EOF
