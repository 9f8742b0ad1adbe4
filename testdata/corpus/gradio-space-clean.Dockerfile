FROM python:3.10
RUN useradd -m -u 1000 user
USER user
ENV HOME=/home/user PATH=/home/user/.local/bin:$PATH HF_HOME=/home/user/hf HF_HUB_ENABLE_HF_TRANSFER=1
WORKDIR $HOME/app
COPY --chown=user . $HOME/app
RUN pip install --user gradio "huggingface_hub[hf_transfer]"
CMD ["python", "app.py"]
