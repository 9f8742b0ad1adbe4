FROM python:3.10
# expect: dockerfile/literal-token dockerfile/token-in-env
ENV HUGGING_FACE_HUB_TOKEN @HF_TOKEN@
RUN pip install transformers
CMD python app.py
