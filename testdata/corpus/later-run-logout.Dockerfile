FROM python:3.11
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN hf auth login --token $HF_TOKEN
RUN hf download org/model
# expect: dockerfile/removed-too-late
RUN hf auth logout
