FROM python:3.12-slim AS builder
ARG HF_TOKEN
RUN pip install huggingface_hub && hf auth login --token "$HF_TOKEN" \
 && hf download org/model --local-dir /model

FROM python:3.12-slim as runtime
LABEL org.example.title="serve" org.example.note="a b"
COPY --from=builder --chown=1000:1000 /model /model
EXPOSE 8000/tcp 9000
USER 1000
HEALTHCHECK --interval=30s --timeout=3s CMD curl -f http://localhost:8000/health || exit 1
ENTRYPOINT ["/usr/bin/serve"]
CMD ["--model", "/model", "--name", "quoted \"name\""]
