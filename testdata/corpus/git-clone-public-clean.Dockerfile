FROM debian:12
RUN apt-get update && apt-get install -y git git-lfs
RUN git clone https://huggingface.co/org/model /opt/model && git -C /opt/model lfs pull
RUN git clone https://github.com/org/hf_utils.git /opt/utils
