FROM python:3.11
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/login-command
RUN huggingface-cli login --token ${HF_TOKEN} && huggingface-cli download org/model
# expect: dockerfile/removed-too-late
RUN rm -rf /root/.cache/huggingface/token /root/.cache/huggingface/stored_tokens
CMD ["bash"]
