FROM debian:12
RUN apt-get update && apt-get install -y git git-lfs
RUN --mount=type=secret,id=hf,env=HF_TOKEN \
# expect: dockerfile/token-in-url
    git clone https://oauth2:${HF_TOKEN}@huggingface.co/org/model /opt/model
