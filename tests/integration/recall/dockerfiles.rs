//! Leaks in Dockerfiles. `@@` is replaced by the token. Instructions that copy a file or a mounted secret are
//! recognised by the secrets that they leave in the image.

use super::{Planted, Row};

const INSTRUCTIONS: [&str; 47] = [
    "ENV HF_TOKEN=@@",
    "ENV HUGGING_FACE_HUB_TOKEN @@",
    "ENV A=1 \\\n    HF_TOKEN=\"@@\" \\\n    B=2",
    "ARG HF_TOKEN=@@",
    "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN",
    "ARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN",
    "RUN huggingface-cli login --token @@ --add-to-git-credential",
    "RUN hf auth login --token=@@",
    "RUN echo @@ | huggingface-cli login",
    "RUN python -c \"from huggingface_hub import login; login('@@')\"",
    "RUN python -c \"from huggingface_hub import HfFolder; HfFolder.save_token('@@')\"",
    "RUN <<EOF python\nfrom huggingface_hub import login\nlogin(token=\"@@\")\nEOF",
    "COPY <<EOF /root/.cache/huggingface/token\n@@\nEOF",
    "RUN git clone https://user:@@@huggingface.co/org/private",
    "RUN git clone https://@@@huggingface.co/org/private",
    "RUN git config --global url.\"https://user:@@@huggingface.co/\".insteadOf https://huggingface.co/",
    "RUN curl -L -H \"Authorization: Bearer @@\" https://huggingface.co/o/r/resolve/main/x",
    "RUN wget --header=\"Authorization: Bearer @@\" https://huggingface.co/o/r/resolve/main/x",
    "ADD https://user:@@@huggingface.co/o/r/resolve/main/model.bin /m/",
    "RUN HF_TOKEN=@@ hf download meta-llama/x",
    "RUN hf download R --token @@",
    "RUN export HF_TOKEN=@@ && python dl.py",
    "RUN echo \"export HF_TOKEN=@@\" >> /root/.bashrc",
    "RUN printf 'HF_TOKEN=@@\\n' > .env",
    "RUN mkdir -p ~/.cache/huggingface && echo -n @@ > ~/.cache/huggingface/token",
    "CMD [\"vllm\",\"serve\",\"m\",\"--hf-token\",\"@@\"]",
    "ENTRYPOINT [\"llama-server\",\"-hft\",\"@@\"]",
    "HEALTHCHECK CMD curl -H \"Authorization: Bearer @@\" http://localhost",
    "LABEL hf.token=@@",
    "ONBUILD ENV HF_TOKEN=@@",
    "RUN --mount=type=secret,id=HF_TOKEN hf auth login --token \"$(cat /run/secrets/HF_TOKEN)\"",
    "ARG T\nRUN hf auth login --token $T\nRUN hf auth logout",
    "ENV HUGGINGFACEHUB_API_TOKEN=@@",
    "# ENV HF_TOKEN=@@\nRUN true",
    "RUN hfd.sh R --hf_username u --hf_token @@",
    "ARG HF_TOKEN\nRUN true",
    "RUN hf auth login --token @@ && rm ~/.cache/huggingface/token",
    "RUN set -x; HF_TOKEN=@@ hf download R 2> /var/log/download.log",
    "ENV HF_TOKEN=\"@@\"\nENV HF_API_TOKEN=x",
    "ENV HUGGINGFACE_API_KEY=@@",
    "RUN git clone https://user:@?@huggingface.co/org/private",
    "RUN echo \"machine huggingface.co login user password @?\" > ~/.netrc",
    "RUN cat <<EOF > /root/.netrc\nmachine huggingface.co login user password @?\nEOF",
    "COPY <<EOF /root/.netrc\nmachine huggingface.co login user password @?\nEOF",
    "COPY <<EOF /root/.cache/huggingface/token\n@?\nEOF",
    "RUN echo @? > ~/.cache/huggingface/token",
    "RUN git config --global credential.helper store && printf 'url=https://huggingface.co\\nusername=u\\npassword=@?\\n' | git credential approve",
];

pub(super) fn rows(planted: &Planted) -> Vec<Row> {
    let row = |instruction: &&str| {
        let form = instruction
            .replace("@@@", "TOKEN@")
            .replace("@@", "TOKEN")
            .replace("@?", "SECRET")
            .replace('\n', "⏎");
        let text = instruction.replace("@@@", &format!("{}@", planted.token.text()));
        let text = text.replace("@@", planted.token.text()).replace("@?", &planted.opaque);
        Row::dockerfile(&format!("`{form}`"), format!("FROM python:3.12\n{text}\n"))
    };
    INSTRUCTIONS.iter().map(row).collect()
}
