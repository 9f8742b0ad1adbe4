FROM python:3.12
ONBUILD COPY . /app
ONBUILD RUN pip install -r /app/requirements.txt
onbuild arg HF_TOKEN
VOLUME /data /cache
VOLUME ["/logs"]
STOPSIGNAL SIGTERM
MAINTAINER Somebody <somebody@example.org>
