FROM nvcr.io/nvidia/tritonserver:24.10-py3
RUN pip install sentencepiece hf-transfer
COPY model_repository /models
RUN python3 -c "from huggingface_hub import hf_hub_download; hf_hub_download('gpt2', 'config.json')"
CMD ["tritonserver", "--model-repository=/models"]
