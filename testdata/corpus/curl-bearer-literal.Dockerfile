FROM curlimages/curl
# expect: dockerfile/literal-token
RUN curl -L -H "Authorization: Bearer @HF_TOKEN@" https://huggingface.co/org/m/resolve/main/x.bin -o /tmp/x.bin
