FROM python:3.12
# expect: dockerfile/copies-token-file
COPY .git-credentials /root/
RUN git config --global credential.helper store
