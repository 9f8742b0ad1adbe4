FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/token-written-to-file
RUN echo "machine huggingface.co login user password ${HF_TOKEN}" > /root/.netrc
RUN curl -nL https://huggingface.co/org/m/resolve/main/x.bin -o x.bin
