# syntax=docker/dockerfile:1
# A training image as research repositories have it.
ARG CUDA=12.4.1
FROM nvidia/cuda:${CUDA}-runtime-ubuntu22.04 AS base

ENV DEBIAN_FRONTEND=noninteractive \
    PYTHONUNBUFFERED=1 \
    # where models go
    HF_HOME=/workspace/cache

RUN apt-get update && apt-get install -y --no-install-recommends \
        git \
        python3-pip \
    && rm -rf /var/lib/apt/lists/*

ARG HF_TOKEN
ENV HF_TOKEN=${HF_TOKEN}
WORKDIR /workspace
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
RUN huggingface-cli login --token $HF_TOKEN && \
    python3 -c "from huggingface_hub import snapshot_download; snapshot_download('org/model')"
COPY . .
CMD ["python3", "train.py", "--config", "configs/base.yaml"]
