FROM python:3.12 AS fetch
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
RUN pip install huggingface_hub
# expect: dockerfile/login-command
RUN hf auth login --token $HF_TOKEN && hf download org/model --local-dir /models

FROM python:3.12-slim
COPY --from=fetch /models /models
CMD ["python", "serve.py"]
