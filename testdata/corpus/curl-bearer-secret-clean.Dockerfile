FROM curlimages/curl
RUN --mount=type=secret,id=hf,env=HF_TOKEN \
    curl -fL -H "Authorization: Bearer ${HF_TOKEN}" https://huggingface.co/org/m/resolve/main/x.bin -o /tmp/x.bin
