FROM python:3.11-slim AS base
# expect: dockerfile/token-in-arg
ARG HUGGING_FACE_HUB_TOKEN
# expect: dockerfile/token-in-env
ENV HUGGING_FACE_HUB_TOKEN=$HUGGING_FACE_HUB_TOKEN \
    PYTHONUNBUFFERED=1
RUN pip install "transformers[torch]" accelerate
RUN python -c "from transformers import AutoModel; AutoModel.from_pretrained('org/gated')"
COPY app /app
ENTRYPOINT ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
