FROM ubuntu:24.04
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/token-written-to-file
RUN echo "export HF_TOKEN=$HF_TOKEN" >> /root/.bashrc
