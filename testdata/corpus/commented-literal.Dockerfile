FROM python:3.12-slim
# Uncomment for gated models:
# expect: dockerfile/literal-token
# ENV HF_TOKEN=@HF_TOKEN@
RUN pip install vllm
CMD ["vllm", "serve", "org/model"]
