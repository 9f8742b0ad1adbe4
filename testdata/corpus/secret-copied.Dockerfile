FROM python:3.12
# expect: dockerfile/token-written-to-file
RUN --mount=type=secret,id=HF_TOKEN cat /run/secrets/HF_TOKEN > /app/token
