FROM python:3.12
# expect: dockerfile/copies-token-file
COPY .netrc /root/.netrc
RUN pip install git+https://huggingface.co/org/pkg
