FROM node:22
# expect: dockerfile/token-in-arg
ARG HF_TOKEN
# expect: dockerfile/token-written-to-file
RUN printf 'HF_TOKEN=%s\n' "$HF_TOKEN" | tee /app/.env
