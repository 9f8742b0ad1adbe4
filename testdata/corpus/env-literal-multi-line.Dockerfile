FROM python:3.12
ENV PYTHONDONTWRITEBYTECODE=1 \
# expect: dockerfile/literal-token dockerfile/token-in-env
    HF_TOKEN="@HF_TOKEN@" \
    PORT=8000
CMD ["gunicorn", "app:app"]
