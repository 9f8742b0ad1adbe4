FROM python:3.12
# expect: dockerfile/literal-token
LABEL org.example.hf=@HF_TOKEN@
# expect: dockerfile/literal-token dockerfile/token-in-env
ONBUILD ENV HF_TOKEN=@HF_TOKEN@
