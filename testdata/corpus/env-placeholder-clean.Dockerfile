FROM python:3.12
# docker run -e HF_TOKEN=$HF_TOKEN image
ENV TOKENIZER_NAME=hf_tokenizer_fast HF_HUB_DISABLE_IMPLICIT_TOKEN=1
RUN pip install hf_transfer hf_xet
