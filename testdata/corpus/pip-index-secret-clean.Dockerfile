FROM python:3.12
RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install private-package
RUN pip install --index-url https://download.pytorch.org/whl/cpu torch
