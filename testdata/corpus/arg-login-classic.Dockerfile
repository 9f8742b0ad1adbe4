FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /workspace
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
COPY requirements.txt .
RUN pip3 install --no-cache-dir -r requirements.txt
# expect: dockerfile/login-command
RUN huggingface-cli login --token $HF_TOKEN
RUN huggingface-cli download org/private-model --local-dir /models
COPY . .
CMD ["python3", "serve.py"]
