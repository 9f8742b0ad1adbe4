FROM huggingface/transformers-pytorch-gpu
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN python3 -c "from huggingface_hub import login; login('${HF_TOKEN}')"
