FROM debian:12
# expect: dockerfile/literal-token dockerfile/token-in-url
RUN git clone https://user:@HF_TOKEN@@huggingface.co/org/model /opt/model
