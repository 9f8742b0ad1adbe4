FROM python:3.12-slim
WORKDIR /app
COPY . .
COPY .env.example tokenizer.json ./
RUN pip install -r requirements.txt
CMD ["streamlit", "run", "app.py"]
