FROM ghcr.io/ggml-org/llama.cpp:server
# expect: dockerfile/literal-token
ENTRYPOINT ["/app/llama-server", "-hf", "org/m", "-hft", "@HF_TOKEN@"]
