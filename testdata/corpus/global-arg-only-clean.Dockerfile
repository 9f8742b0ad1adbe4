ARG HF_TOKEN
ARG CUDA=12.4.1
FROM nvidia/cuda:${CUDA}-base-ubuntu22.04
RUN apt-get update && apt-get install -y python3
CMD ["python3"]
