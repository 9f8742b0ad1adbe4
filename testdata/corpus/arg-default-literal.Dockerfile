FROM python:3.12-slim
# expect: dockerfile/literal-token dockerfile/token-in-arg
ARG HF_TOKEN=@HF_TOKEN@
RUN HF_TOKEN=$HF_TOKEN python -c "import huggingface_hub"
