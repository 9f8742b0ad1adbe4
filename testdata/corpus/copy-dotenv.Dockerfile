FROM node:22-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci
# expect: dockerfile/copies-token-file
COPY .env .
COPY src ./src
CMD ["node", "src/server.js"]
