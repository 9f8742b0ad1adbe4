FROM ubuntu:24.04
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
RUN wget --header="Authorization: Bearer ${HF_TOKEN}" https://huggingface.co/org/m/resolve/main/w.safetensors
