"""Reads its token from the environment, as it should."""

import os

from huggingface_hub import hf_hub_download

path = hf_hub_download("example/private-model", "config.json", token=os.environ["HF_TOKEN"])
print(path)
