FROM python:3.12
# expect: dockerfile/token-in-arg
ARG HUGGINGFACEHUB_API_TOKEN
# expect: dockerfile/token-in-env
ENV HUGGINGFACEHUB_API_TOKEN=${HUGGINGFACEHUB_API_TOKEN}
RUN pip install langchain-huggingface
