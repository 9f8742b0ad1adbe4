FROM r8.im/cog-base:cuda12.1-python3.11-torch2.3.1
RUN pip install transformers==4.46
COPY predict.py cog.yaml /src/
ENV PYTHONPATH=/src HF_DATASETS_OFFLINE=1 TRANSFORMERS_OFFLINE=1
CMD ["python", "-m", "cog.server.http"]
