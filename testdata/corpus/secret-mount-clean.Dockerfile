# syntax=docker/dockerfile:1
FROM python:3.12-slim
RUN pip install -U huggingface_hub
RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \
    hf download meta-llama/Llama-3.1-8B --local-dir /models/llama
CMD ["python", "serve.py"]
