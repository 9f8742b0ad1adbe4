FROM busybox
# expect: dockerfile/literal-token dockerfile/token-in-url
ADD https://user:@HF_TOKEN@@huggingface.co/org/m/resolve/main/w.bin /m/
