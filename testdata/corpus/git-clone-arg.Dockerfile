FROM alpine/git:2.45 AS src
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/token-in-url
RUN git clone https://user:${HF_TOKEN}@huggingface.co/org/private-model /model
