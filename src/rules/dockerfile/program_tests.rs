//! Tests of programs that store what they are given: each with the file that the forecast names.

use super::check;
use crate::dockerfile::parse;

const MOUNT: &str = "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN ";
const FILE: &str = "RUN --mount=type=secret,id=HF_TOKEN ";

/// Returns the files in which the token is left.
fn files(lines: &str) -> Vec<String> {
    let lines = lines.replace("@FILE ", FILE).replace("@ ", MOUNT);
    let source = format!("FROM a\nWORKDIR /app\n{lines}\n");
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    let leaves = hits.iter().flat_map(|hit| &hit.leaves);
    leaves.map(|left| left.path.clone().unwrap_or_else(|| format!("{:?}", left.place))).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_program_that_stores_a_token_names_the_file() {
    for (lines, expected) in [
        // conda and its relatives
        ("@ conda env config vars set HF_TOKEN=$HF_TOKEN", "opt/conda/conda-meta/state"),
        ("@ conda env config vars set -n ml HF_TOKEN=$HF_TOKEN", "opt/conda/envs/ml/conda-meta/state"),
        ("@ conda env config vars set --name=ml HF_TOKEN=$HF_TOKEN", "opt/conda/envs/ml/conda-meta/state"),
        ("@ mamba env config vars set -p /env X=\"$HF_TOKEN\"", "env/conda-meta/state"),
        (
            "@ conda run -n ml conda env config vars set HF_TOKEN=$HF_TOKEN",
            "opt/conda/envs/ml/conda-meta/state",
        ),
        (
            "SHELL [\"conda\", \"run\", \"-n\", \"app\", \"/bin/bash\", \"-c\"]\n@ conda env config vars set HF_TOKEN=$HF_TOKEN",
            "opt/conda/envs/app/conda-meta/state",
        ),
        (
            "ENV MAMBA_ROOT_PREFIX=/m\n@ micromamba env config vars set -n a HF_TOKEN=$HF_TOKEN",
            "m/envs/a/conda-meta/state",
        ),
        ("@ conda config --add channels https://u:$HF_TOKEN@huggingface.co/c", "root/.condarc"),
        ("@ conda config --system --set custom_channels.x https://u:$HF_TOKEN@hf.co", "opt/conda/.condarc"),
        ("@ conda config --file /c.yml --append channels https://u:$HF_TOKEN@hf.co", "c.yml"),
        // Python's package managers
        (
            "@ pip config set global.index-url https://u:$HF_TOKEN@huggingface.co/s",
            "root/.config/pip/pip.conf",
        ),
        (
            "@ pip3 config --user set global.index-url https://u:$HF_TOKEN@x.example",
            "root/.config/pip/pip.conf",
        ),
        (
            "@ python -m pip config set global.index-url https://u:$HF_TOKEN@x.example",
            "root/.config/pip/pip.conf",
        ),
        ("@ pip config --global set global.index-url https://u:$HF_TOKEN@x.example", "etc/pip.conf"),
        (
            "ENV PIP_CONFIG_FILE=/p.conf\n@ pip config set global.index-url https://u:$HF_TOKEN@x.example",
            "p.conf",
        ),
        (
            "@ uv auth login huggingface.co --token $HF_TOKEN",
            "root/.local/share/uv/credentials/credentials.toml",
        ),
        (
            "@ echo $HF_TOKEN | uv auth login hf.co --token -",
            "root/.local/share/uv/credentials/credentials.toml",
        ),
        ("@ poetry config http-basic.hub user $HF_TOKEN", "root/.config/pypoetry/auth.toml"),
        ("@ poetry config pypi-token.hub \"$HF_TOKEN\"", "root/.config/pypoetry/auth.toml"),
        ("@ poetry config repositories.x https://u:$HF_TOKEN@x.example", "root/.config/pypoetry/config.toml"),
        ("@ poetry config --local repositories.x https://u:$HF_TOKEN@x.example", "app/poetry.toml"),
        ("@ poetry source add hub https://u:$HF_TOKEN@huggingface.co/simple", "app/pyproject.toml"),
        ("@ pdm config pypi.password $HF_TOKEN", "root/.config/pdm/config.toml"),
        ("@ pdm config --local pypi.password $HF_TOKEN", "app/pdm.toml"),
        // JavaScript's
        ("@ npm config set //registry.example/:_authToken $HF_TOKEN", "root/.npmrc"),
        ("@ npm config set //registry.example/:_authToken=$HF_TOKEN --location=project", "app/.npmrc"),
        ("@ npm set //registry.example/:_authToken $HF_TOKEN", "root/.npmrc"),
        ("@ npm config set -g _authToken $HF_TOKEN", "usr/local/etc/npmrc"),
        ("ENV NPM_CONFIG_USERCONFIG=/n\n@ npm config set _authToken $HF_TOKEN", "n"),
        ("@ pnpm config set _authToken $HF_TOKEN", "root/.config/pnpm/rc"),
        ("@ yarn config set npmAuthToken $HF_TOKEN", "app/.yarnrc.yml"),
        ("@ yarn config set --home npmAuthToken $HF_TOKEN", "root/.yarnrc.yml"),
        // git
        (
            "@ git config --global http.https://huggingface.co/.extraheader \"Authorization: Bearer $HF_TOKEN\"",
            "root/.gitconfig",
        ),
        ("@ git config set --global http.extraheader \"Authorization: Bearer $HF_TOKEN\"", "root/.gitconfig"),
        ("@ git config --system url.https://u:$HF_TOKEN@hf.co/.insteadOf https://hf.co/", "etc/gitconfig"),
        (
            "@ git clone -c http.extraheader=\"Authorization: Bearer $HF_TOKEN\" https://huggingface.co/o/r /m",
            "m/.git/config",
        ),
        (
            "@ git clone --config=http.extraheader=\"Authorization: Bearer $HF_TOKEN\" https://huggingface.co/o/r",
            "app/r/.git/config",
        ),
        (
            "@ git config --global credential.helper store && \
             printf 'protocol=https\\nhost=huggingface.co\\npassword=%s\\n' $HF_TOKEN | git credential approve",
            "root/.git-credentials",
        ),
        // Downloaders and data tools
        ("@ comfy model download --url x --set-hf-api-token $HF_TOKEN", "root/.config/comfy-cli/config.ini"),
        (
            "@ comfy --skip-prompt model download --set-hf-api-token=$HF_TOKEN",
            "root/.config/comfy-cli/config.ini",
        ),
        ("@ dvc remote modify hub password $HF_TOKEN", "app/.dvc/config"),
        ("@ dvc remote modify --local hub password $HF_TOKEN", "app/.dvc/config.local"),
        ("@ dvc remote add -d hub https://u:$HF_TOKEN@huggingface.co/o/r", "app/.dvc/config"),
        ("@ dvc config --global remote.hub.password $HF_TOKEN", "root/.config/dvc/config"),
        (
            "@ rclone config create hub http url https://huggingface.co headers \"Authorization,Bearer $HF_TOKEN\"",
            "root/.config/rclone/rclone.conf",
        ),
        ("@ rclone --config /r.conf config update hub bearer_token $HF_TOKEN", "r.conf"),
        ("ENV RCLONE_CONFIG=/r.conf\n@ rclone config password hub pass $HF_TOKEN", "r.conf"),
        ("@ aws configure set aws_secret_access_key $HF_TOKEN", "root/.aws/credentials"),
        ("@ mc alias set hub https://x.example user $HF_TOKEN", "root/.mc/config.json"),
        // Environment files
        ("@ dotenv set HF_TOKEN $HF_TOKEN", "app/.env"),
        ("@ dotenv -f /e set HF_TOKEN \"$HF_TOKEN\"", "e"),
        ("@ dotenv --file=/e set HF_TOKEN \"$HF_TOKEN\"", "e"),
        (
            "@ python -c \"import os, dotenv; dotenv.set_key('.env', 'HF_TOKEN', os.environ['HF_TOKEN'])\"",
            "app/.env",
        ),
        // Clients of services
        ("@ gh auth login --with-token <<< $HF_TOKEN", "root/.config/gh/hosts.yml"),
        ("@ echo $HF_TOKEN | gh auth login --with-token", "root/.config/gh/hosts.yml"),
        ("@ gh config set x $HF_TOKEN", "root/.config/gh/config.yml"),
        ("@ glab auth login --token $HF_TOKEN", "root/.config/glab-cli/config.yml"),
        ("@ kubectl config set-credentials u --token=$HF_TOKEN", "root/.kube/config"),
        ("@ kubectl config --kubeconfig=/k set-credentials u --token $HF_TOKEN", "k"),
        ("ENV KUBECONFIG=/k\n@ kubectl config set users.u.token $HF_TOKEN", "k"),
        ("@ docker login -u u -p $HF_TOKEN registry.hf.space", "root/.docker/config.json"),
        (
            "@ echo $HF_TOKEN | docker login -u u --password-stdin registry.hf.space",
            "root/.docker/config.json",
        ),
        ("@ skopeo login --authfile /a.json -u u -p $HF_TOKEN registry.hf.space", "a.json"),
        ("@ crane auth login -u u -p $HF_TOKEN registry.hf.space", "root/.docker/config.json"),
        (
            "@ helm registry login -u u -p $HF_TOKEN registry.hf.space",
            "root/.config/helm/registry/config.json",
        ),
        ("@ (echo \"* * * * * HF_TOKEN=$HF_TOKEN /sync\") | crontab -", "var/spool/cron/crontabs/root"),
        ("@ composer config http-basic.hf.co u $HF_TOKEN", "app/auth.json"),
        ("@ composer config --global http-basic.hf.co u $HF_TOKEN", "root/.config/composer/auth.json"),
        ("@ bundle config set hf.co u:$HF_TOKEN", "root/.bundle/config"),
        ("@ go env -w GOPROXY=https://u:$HF_TOKEN@hf.co", "root/.config/go/env"),
    ] {
        assert_eq!(files(lines), [expected], "{lines}");
    }
}

#[test]
fn an_editor_that_is_given_a_token_names_the_file() {
    for (lines, expected) in [
        ("@ sed -i \"s/__HF__/$HF_TOKEN/\" /app/config.yaml", vec!["app/config.yaml"]),
        ("@ sed -i.bak -e \"s/x/$HF_TOKEN/\" a b", vec!["app/a", "app/b"]),
        ("@ sed -i -e s/x/$HF_TOKEN/ -e s/y/z/ a", vec!["app/a"]),
        ("@ sed --in-place \"s|x|${HF_TOKEN}|g\" a", vec!["app/a"]),
        ("@ sed \"s/x/$HF_TOKEN/\" a > b", vec!["app/b"]),
        ("@FILE sed -i \"s/x/$(cat /run/secrets/HF_TOKEN)/\" a", vec!["app/a"]),
        ("@ sed -e '/x/r /dev/stdin' a <<< $HF_TOKEN > b", vec!["app/b"]),
        ("@ perl -pi -e 's/x/$ENV{HF_TOKEN}/' a", vec!["app/a"]),
        ("@ perl -i -pe \"s/x/$HF_TOKEN/\" a b", vec!["app/a", "app/b"]),
        ("@ perl -pe 's/x/$ENV{HF_TOKEN}/' a > b", vec!["app/b"]),
        ("@ awk -v t=\"$HF_TOKEN\" '{gsub(/x/, t)} 1' a > b", vec!["app/b"]),
        ("@ awk '{print ENVIRON[\"HF_TOKEN\"]}' a > b", vec!["app/b"]),
        ("@ gawk -i inplace -v t=$HF_TOKEN '{gsub(/x/, t)} 1' a", vec!["app/a"]),
        ("@ yq -i \".token = \\\"$HF_TOKEN\\\"\" a.yaml", vec!["app/a.yaml"]),
        ("@ yq -i '.token = strenv(HF_TOKEN)' a.yaml", vec!["app/a.yaml"]),
        ("@ yq e --inplace '.token = env(HF_TOKEN)' a.yaml", vec!["app/a.yaml"]),
        ("@ yq '.token = strenv(HF_TOKEN)' a.yaml > b.yaml", vec!["app/b.yaml"]),
        ("@ jq --arg t \"$HF_TOKEN\" '.t = $t' a.json > b.json", vec!["app/b.json"]),
        ("@ jq '.t = env.HF_TOKEN' a.json > b.json", vec!["app/b.json"]),
        ("@ jq '.t = $ENV.HF_TOKEN' a.json | tee b.json", vec!["app/b.json"]),
        ("@ jq '.t = env.HF_TOKEN' a.json | sponge a.json", vec!["app/a.json"]),
        ("@ tomlq -i --arg t $HF_TOKEN -t '.t = $t' a.toml", vec!["app/a.toml"]),
        ("@ crudini --set a.ini hub token $HF_TOKEN", vec!["app/a.ini"]),
        ("@ crudini --inplace --set /etc/a.ini hub token \"$HF_TOKEN\"", vec!["etc/a.ini"]),
        ("@ dasel put -f a.json -v \"$HF_TOKEN\" hub.token", vec!["app/a.json"]),
        ("@ git config -f a.ini hub.token $HF_TOKEN", vec!["app/a.ini"]),
        ("@ echo '{\"t\": \"$HF_TOKEN\"}' | envsubst > a.json", vec!["app/a.json"]),
        ("@ envsubst '$HF_TOKEN' <<< 't: $HF_TOKEN' > a.yaml", vec!["app/a.yaml"]),
        ("@ envsubst > a.yaml <<'E'\nt: ${HF_TOKEN}\nE", vec!["app/a.yaml"]),
        ("@ install -m 600 /dev/stdin /etc/t <<< \"$HF_TOKEN\"", vec!["etc/t"]),
        ("@ echo $HF_TOKEN | cp /dev/stdin t", vec!["app/t"]),
        ("@ echo $HF_TOKEN | dd of=/t", vec!["t"]),
        ("@ dd of=t <<< $HF_TOKEN", vec!["app/t"]),
        ("@ echo $HF_TOKEN | sudo tee -a /etc/environment", vec!["etc/environment"]),
        ("@ tee t <<< $HF_TOKEN", vec!["app/t"]),
        ("@ cp <(echo $HF_TOKEN) t", vec!["app/t"]),
        ("@ T=$(echo -n $HF_TOKEN) && echo $T > t", vec!["app/t"]),
        ("@ T=$(printenv HF_TOKEN) && echo $T > t", vec!["app/t"]),
        ("@FILE T=$(tr -d '\\n' < /run/secrets/HF_TOKEN) && echo $T > t", vec!["app/t"]),
        ("@FILE T=$(head -n1 /run/secrets/HF_TOKEN | tr -d x) && echo $T > t", vec!["app/t"]),
        ("@ (echo a; echo $HF_TOKEN) | tee t", vec!["app/t"]),
        ("@ { echo a; echo $HF_TOKEN; } | sponge t", vec!["app/t"]),
        ("@ printf '%s' \"$HF_TOKEN\" | base64 > t", vec!["app/t"]),
        ("@ envsubst '$HF_TOKEN' < a > b && rm b", vec![]),
    ] {
        assert_eq!(files(lines), expected, "{lines}");
    }
}

#[test]
fn what_stores_no_token_is_silent() {
    for lines in [
        "@ conda env config vars set HF_HOME=/data",
        "@ conda env config vars list",
        "@ conda create -n ml python=3.11",
        "@ conda run -n ml hf download m",
        "@ pip config set global.index-url https://pypi.example/simple",
        "@ pip install --index-url https://u:$HF_TOKEN@pypi.example x",
        "@ pip config get x",
        "@ uv pip install x",
        "@ poetry config virtualenvs.create false",
        "@ poetry install",
        "@ npm ci",
        "@ npm config get registry",
        "@ git -c http.extraheader=\"Authorization: Bearer $HF_TOKEN\" clone https://huggingface.co/o/r /m",
        "@ git clone -c core.autocrlf=false https://huggingface.co/o/r /m",
        "@ comfy model download --url https://huggingface.co/x",
        "@ dvc pull",
        "@ dvc remote add hub https://huggingface.co/o/r",
        "@ rclone copy hub: /m --http-headers \"Authorization,Bearer $HF_TOKEN\"",
        "@ dotenv run -- python x.py",
        "@ dotenv list",
        "@ gh api -H \"Authorization: Bearer $HF_TOKEN\" x",
        "@ kubectl config view",
        "@ kubectl --token=$HF_TOKEN get pods",
        "@ docker logout",
        "@ sed -i 's/x/$HF_TOKEN/' a",
        "@ sed -i \"s/x/$HF_HOME/\" a",
        "@ perl -pi -e 's/x/$ENV{HOME}/' a",
        "@ perl -e 'print $ENV{HF_TOKEN}'",
        "@ awk '{print $1}' a > b",
        "@ awk '{print ENVIRON[\"HOME\"]}' a > b",
        "@ yq '.token = strenv(HF_TOKEN)' a.yaml",
        "@ yq -i '.token = strenv(HOME)' a.yaml",
        "@ jq '.t = env.HF_TOKEN' a.json | hf-x",
        "@ jq '.t = env.HF_TOKEN_PATH' a.json > b",
        "@ envsubst '$HOME' <<< 't: $HF_TOKEN' > a.yaml",
        "@ envsubst <<< 't: $HOME' > a.yaml",
        "@ crudini --get a.ini hub token",
        "@ crontab -l",
        "@ dotenv set HF_TOKEN $HF_TOKEN && hf download m && rm .env",
        "@ T=$(mktemp); echo $HF_TOKEN > $T; hf download m; rm -f \"$T\"",
        "@ T=$(mktemp) && trap 'rm -f \"$T\"' EXIT && echo $HF_TOKEN > $T && hf download m",
        "@ D=$(mktemp -d); trap \"rm -rf $D\" EXIT; echo $HF_TOKEN > $D/t; hf download m",
        "@ git config --global url.https://u:$HF_TOKEN@hf.co/.insteadOf https://hf.co/ && x && rm ~/.gitconfig",
        "@ pip config set global.index-url https://u:$HF_TOKEN@x.example && pip install y && pip config unset global.index-url",
        "@ npm config set _authToken $HF_TOKEN && npm ci && npm config delete _authToken",
        "@ npm config set _authToken $HF_TOKEN && npm ci && rm -f ~/.npmrc",
        "@ docker login -u u -p $HF_TOKEN registry.hf.space && docker pull x && docker logout registry.hf.space",
        "@ conda env config vars set HF_TOKEN=$HF_TOKEN && x && conda env config vars unset HF_TOKEN",
        "@ git config --global --unset http.extraheader",
    ] {
        assert_eq!(files(lines), Vec::<String>::new(), "{lines}");
    }
}
