FROM vllm/vllm-openai
# expect: dockerfile/literal-token
CMD ["--model", "org/m", "--hf-token", "@HF_TOKEN@"]
