FROM python:3.12
# expect: dockerfile/literal-token dockerfile/login-command
RUN ["huggingface-cli", "login", "--token", "@HF_TOKEN@"]
