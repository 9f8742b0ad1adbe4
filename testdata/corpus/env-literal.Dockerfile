FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime
WORKDIR /app
# expect: dockerfile/literal-token dockerfile/token-in-env
ENV HF_TOKEN=@HF_TOKEN@
RUN pip install diffusers
CMD ["python", "generate.py"]
