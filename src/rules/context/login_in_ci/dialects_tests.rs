//! Each dialect, with what counts beside what looks like it. `!` at the end of a line is a finding of that line. It
//! is not part of the file.

use super::*;
use crate::ci::read;
use crate::text::LineIndex;

/// Asserts that the findings of a file are in the marked lines.
fn assert_marked(path: &str, marked: &str) {
    let text = marked.replace(" !\n", "\n");
    let file = read(path.as_bytes(), text.as_bytes()).unwrap_or_else(|| panic!("{path} is not known"));
    assert!(file.flaws.is_empty(), "{path}: {:?}", file.flaws);
    let lines = LineIndex::new(text.as_bytes());
    let hits = check(text.as_bytes(), &file);
    let found: Vec<_> = hits.iter().map(|hit| lines.position(hit.span.start).line).collect();
    let marks = marked.lines().zip(1..).filter(|(line, _)| line.ends_with(" !"));
    let expected: Vec<u64> = marks.map(|(_, number)| number).collect();
    let shown: Vec<_> = hits.iter().map(|hit| hit.message.to_string()).collect();
    assert_eq!(found, expected, "{path}:\n{marked}\n{shown:#?}");
}

/// Returns the help of the only finding of a file.
fn help(path: &str, text: &str) -> String {
    let file = read(path.as_bytes(), text.as_bytes()).unwrap();
    let hits = check(text.as_bytes(), &file);
    assert_eq!(hits.len(), 1, "{path}: {text}: {hits:?}");
    hits[0].help.to_string()
}

#[test]
fn makefiles() {
    for marked in [
        "build:\n\tdocker build --build-arg HF_TOKEN=$(HF_TOKEN) -t app . !\nlogin:\n\thuggingface-cli login --token $(HF_TOKEN) !\n",
        // Without a build, a login is for whoever runs it.
        "login:\n\thuggingface-cli login --token $(HF_TOKEN) # build docker\n",
        "login:\n\thf auth login --token $(T)\n\tdocker run app\nother:\n\tcc -o build a.c\n",
        "ARGS := --build-arg HF_TOKEN=$(HF_TOKEN) !\nbuild:\n\t@docker build $(ARGS) .\n",
        "build:\n\tdocker build $(ARGS) .\nARGS = $(MORE)\nMORE += --build-arg HF_TOKEN !\n",
        "DOCKER ?= podman\nbuild:\n\t-$(DOCKER) build \\\n\t  --build-arg T=$${HF_TOKEN} \\ !\n\t  .\n",
        "build:\n\tdocker build $(if $(HF_TOKEN),--build-arg HF_TOKEN=$(HF_TOKEN)) . !\n",
        "ifdef HF_TOKEN\nA += --build-arg HF_TOKEN=$(HF_TOKEN) !\nendif\nbuild: ; docker build $(A) .\n",
        "define build_image\ndocker build --build-arg HF_TOKEN=$(HF_TOKEN) $(1) !\nendef\nb:\n\t$(call build_image,.)\n",
        "t: HF = x\nt: ## docker build --build-arg HF_TOKEN=x\n\tdocker build --secret id=HF_TOKEN,env=HF_TOKEN .\n",
        "help:\n\t@echo 'docker build --build-arg HF_TOKEN=xyz .'\n\t@printf 'docker build --build-arg HF_TOKEN\\n'\n",
        "b:\n\tdocker build --build-arg MAX_TOKENS=$(N) --build-arg HF_HOME=/x --build-arg HF_TOKEN=changeme .\n",
        "b:\n\t# docker build --build-arg HF_TOKEN=$(HF_TOKEN) .\n#\tdocker build --build-arg HF_TOKEN=x\n\tdocker build .\n",
        "b:\n\tdocker build .\n\thf auth login --token $$T\n\thf auth logout\n",
        ".ONESHELL:\nb:\n\tA=\"--build-arg HF_TOKEN\" !\n\tdocker build $$A .\n",
    ] {
        assert_marked("Makefile", marked);
        assert_marked("x/docker.mk", marked);
    }
}

#[test]
fn shell_scripts() {
    for marked in [
        "#!/bin/sh\ndocker buildx build --build-arg HF_TOKEN=\"$HF_TOKEN\" --push -t org/app . !\n",
        "A=\"--build-arg HF_TOKEN=$HF_TOKEN\" !\ndocker build $A .\n",
        "A=(--platform x\n  --build-arg \"HF_TOKEN=$T\" !\n)\nA+=(--push)\ndocker build \"${A[@]}\" .\n",
        "docker build ${HF_TOKEN:+--build-arg HF_TOKEN=\"$HF_TOKEN\"} . !\n",
        "${DOCKER:-docker} build --build-arg HF_TOKEN . !\n",
        "T=$HF_TOKEN\nfor i in a b; do podman build --build-arg SECRET=\"$T\" $i; done !\n",
        "hf auth login --token $HF_TOKEN !\ncog push r8.im/a/b\n",
        "hf auth login --token $HF_TOKEN\ndocker run app # docker build\n",
        "usage() {\n  echo \"usage: docker build --build-arg HF_TOKEN=...\"\n  cat <<EOF\ndocker build --build-arg HF_TOKEN=$1\nEOF\n}\ndocker build .\n",
        "U='docker build --build-arg HF_TOKEN=...'\necho \"$U\"\ndocker build --secret id=hf,env=HF_TOKEN .\n",
        "docker build --build-arg HF_TOKEN=your_token_here --build-arg MAX_TOKENS=5 .\n",
        "docker build --build-arg HAS_TOKEN=${HF_TOKEN:+1} . && docker run -e HF_TOKEN app\n",
    ] {
        assert_marked("build.sh", marked);
        assert_marked("hooks/build", &format!("#!/bin/bash\n{marked}"));
    }
    assert!(read(b"run.sh", b"hf auth login --token $HF_TOKEN\n").is_none());
}

#[test]
fn powershell_and_batch_files() {
    for marked in [
        "docker build --build-arg HF_TOKEN=$env:HF_TOKEN . !\n",
        "docker build `\n  --build-arg \"HF_TOKEN=$($env:HF_TOKEN)\" ` !\n  .\n",
        "$opts = @(\"--build-arg\", \"HF_TOKEN=$Token\") !\ndocker build @opts .\n",
        "$t = $env:HF_TOKEN\ndocker build --build-arg TOKEN=$t . !\n",
        "Write-Host \"docker build --build-arg HF_TOKEN=x\"\n# docker build --build-arg HF_TOKEN\ndocker build .\n",
        "docker build --secret id=HF_TOKEN,env=HF_TOKEN .\n",
    ] {
        assert_marked("build.ps1", marked);
    }
    for marked in [
        "@echo off\ndocker build ^\n  --build-arg HF_TOKEN=%HF_TOKEN% ^ !\n  .\n",
        "set ARGS=--build-arg HF_TOKEN=%HF_TOKEN% !\ndocker build %ARGS% .\n",
        "rem docker build --build-arg HF_TOKEN=%HF_TOKEN% .\necho docker build --build-arg HF_TOKEN=x\ndocker build .\n",
    ] {
        assert_marked("build.bat", marked);
    }
}

#[test]
fn justfiles_and_taskfiles() {
    for marked in [
        "build:\n  docker build --build-arg HF_TOKEN={{HF_TOKEN}} . !\n",
        "args := \"--build-arg HF_TOKEN=\" + env_var('HF_TOKEN') !\nbuild tag='x:y':\n  @docker build {{args}} -t {{tag}} .\n",
        "build $HF_TOKEN:\n    docker build \\\n      --build-arg HF_TOKEN . !\n",
        "build:\n  #!/usr/bin/env bash\n  A=\"--build-arg HF_TOKEN=$HF_TOKEN\" !\n  docker build $A .\n",
        "build:\n  docker build {{ if t != '' { '--build-arg HF_TOKEN=' + t } else { '' } }} . !\n",
        "# docker build --build-arg HF_TOKEN\nbuild:\n  # docker build --build-arg HF_TOKEN\n  echo docker build --build-arg HF_TOKEN\n  docker build .\n",
        "login:\n  hf auth login --token $HF_TOKEN\n",
    ] {
        assert_marked("justfile", marked);
    }
    for marked in [
        "tasks:\n  a:\n    cmds:\n      - docker build --build-arg HF_TOKEN={{.HF_TOKEN}} . !\n      - cmd: hf auth login --token $T !\n",
        "vars:\n  ARGS: --build-arg HF_TOKEN={{.HF_TOKEN}} !\ntasks:\n  a: docker build {{.ARGS}} .\n  b: [echo docker build --build-arg HF_TOKEN]\n",
        "tasks:\n  a:\n    desc: docker build --build-arg HF_TOKEN=x\n    cmd: docker build {{if .T}}--build-arg HF_TOKEN={{.T}}{{end}} . !\n",
        "tasks:\n  a:\n    cmds: [hf auth login --token $T, task: b]\n",
    ] {
        assert_marked("Taskfile.yml", marked);
    }
}

#[test]
fn cloud_build_and_pods() {
    for marked in [
        "steps:\n  - name: gcr.io/cloud-builders/docker\n    args: [\"build\", \"--build-arg\", \"HF_TOKEN=$_HF_TOKEN\", \".\"] !\n",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  entrypoint: bash\n  args:\n  - -c\n  - |\n    docker build \\\n      --build-arg HF_TOKEN=$$HF_TOKEN . !\n  secretEnv: [HF_TOKEN]\n",
        "steps:\n- args:\n  - --destination=x\n  - --build-arg=HF_TOKEN=${_HF_TOKEN} !\n  name: gcr.io/kaniko-project/executor:latest\n",
        "steps:\n- name: python\n  script: |\n    hf auth login --token $HF_TOKEN\n",
        "steps:\n- name: docker\n  script: |\n    hf auth login --token $T !\n    docker build .\n",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, --secret, 'id=HF_TOKEN,env=HF_TOKEN', --build-arg, VERSION=$TAG_NAME, .]\n",
        "steps:\n- name: ubuntu\n  args: [echo, --build-arg, HF_TOKEN=x]\n",
    ] {
        assert_marked("cloudbuild.yaml", marked);
    }
    for marked in [
        "apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n    - name: build\n      image: quay.io/buildah/stable\n      script: |\n        #!/usr/bin/env bash\n        buildah build --build-arg HF_TOKEN=$(params.hf-token) . !\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: gcr.io/kaniko-project/executor:v1\n      args:\n        - --context=git://x\n        - --build-arg=HF_TOKEN=$(HF_TOKEN) !\n",
        "apiVersion: tekton.dev/v1\nkind: PipelineRun\nspec:\n  params:\n    - name: BUILD_ARGS\n      value:\n        - HF_TOKEN=$(params.token) !\n        - VERSION=1\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n    - name: build\n      container:\n        image: moby/buildkit\n        command: [buildctl-daemonless.sh]\n        args: [build, --opt, 'build-arg:HF_TOKEN={{inputs.parameters.hf_token}}'] !\n    - name: s\n      script:\n        image: docker\n        command: [sh]\n        source: |\n          docker build --build-arg HF_TOKEN . !\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: app # kaniko\n      command: [sh, -c, hf auth login --token $HF_TOKEN]\n      env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf, key: token}}}]\n",
    ] {
        assert_marked("deploy/build.yaml", marked);
    }
}

#[test]
fn pipelines_of_ci_systems() {
    for marked in [
        "steps:\n- script: docker build --build-arg HF_TOKEN=$(HF_TOKEN) . !\n- bash: hf auth login --token $(HF_TOKEN) !\n- pwsh: docker build --build-arg HF_TOKEN=$env:HF_TOKEN . !\n- script: echo $(date) $(pwd)\n",
        "stages:\n- stage: a\n  jobs:\n  - job: b\n    variables: {args: '--build-arg HF_TOKEN=$(hfToken)'} !\n    steps:\n    - ${{ if eq(variables.x, 'y') }}:\n      - task: Docker@2\n        inputs:\n          command: build\n          arguments: --build-arg HF_TOKEN=$(hfToken) !\n    - script: docker build $(args) .\n",
        "steps:\n- task: Bash@3\n  inputs:\n    targetType: inline\n    script: |\n      docker build --build-arg HF_TOKEN . !\n- task: PowerShell@2\n  inputs: {script: 'docker build --build-arg HF_TOKEN=$env:HF_TOKEN .'} !\n",
        "steps:\n- task: Docker@2\n  inputs: {command: build, arguments: '--secret id=HF_TOKEN,env=HF_TOKEN'}\n  env: {HF_TOKEN: $(HF_TOKEN)}\n- script: hf download m\n",
    ] {
        assert_marked("azure-pipelines.yml", marked);
    }
    for marked in [
        "jobs:\n  a:\n    steps:\n      - checkout\n      - run: docker build --build-arg HF_TOKEN=$HF_TOKEN . !\n      - run:\n          name: x\n          command: |\n            cat \\<<EOF\n            docker build --build-arg HF_TOKEN=x\n            EOF\n            hf auth login --token << parameters.hf-token >> !\n      - when:\n          condition: true\n          steps:\n            - run: docker build --build-arg T=<< parameters.hf_token >> . !\n",
        "jobs:\n  a:\n    environment: {ARGS: --build-arg HF_TOKEN} !\n    steps:\n      - run: docker build $ARGS .\n      - docker/build:\n          extra_build_args: --build-arg HF_TOKEN=$HF_TOKEN --build-arg V=1 !\n",
        "workflows:\n  b:\n    jobs:\n      - aws-ecr/build-and-push-image:\n          context: hf\n          extra-build-args: '--build-arg HF_TOKEN=${HF_TOKEN}' !\n",
        "jobs:\n  a:\n    steps:\n      - run: docker build --secret id=HF_TOKEN,env=HF_TOKEN .\n      - run: hf download m\n",
    ] {
        assert_marked(".circleci/config.yml", marked);
    }
    for marked in [
        "pipelines:\n  default:\n    - step:\n        name: a\n        script:\n          - export A=\"--build-arg HF_TOKEN=$HF_TOKEN\" !\n          - docker build $A .\n          - hf auth login --token $HF_TOKEN\n        after-script: [hf auth logout]\n  branches:\n    main:\n      - parallel:\n          - step: {script: [hf auth login --token $T]} !\n",
        "pipelines:\n  default:\n    - step:\n        script:\n          - docker build --secret id=HF_TOKEN,env=HF_TOKEN .\n          - pipe: x/y:1\n            variables: {A: b}\n",
    ] {
        assert_marked("bitbucket-pipelines.yml", marked);
    }
    for marked in [
        "kind: pipeline\nsteps:\n- name: a\n  image: plugins/docker\n  settings:\n    build_args:\n      - HF_TOKEN=x-${HF_TOKEN} !\n      - VERSION=1\n    build_args_from_env: [HF_TOKEN, X] !\n- name: b\n  image: docker\n  environment: {HF_TOKEN: {from_secret: hf}}\n  commands:\n    - docker build --build-arg HF_TOKEN=$HF_TOKEN . !\n    - echo \"docker build --build-arg HF_TOKEN=x\"\n",
        "pipeline:\n  build:\n    image: plugins/docker\n    build_args: HF_TOKEN=$${HF_TOKEN},A=b !\n",
        "steps:\n  build:\n    image: woodpeckerci/plugin-docker-buildx\n    settings:\n      build_args:\n        HF_TOKEN: {from_secret: hf} !\n        V: 1\n      secrets: [\"id=HF_TOKEN,env=HF_TOKEN\"]\n",
        "steps:\n- name: a\n  environment: {HF_TOKEN: {from_secret: hf}}\n  commands: [hf download m]\n",
    ] {
        assert_marked(".drone.yml", marked);
    }
}

#[test]
fn jenkinsfiles() {
    for marked in [
        "pipeline { stages { stage('a') { steps {\n  sh 'docker build --build-arg HF_TOKEN=$HF_TOKEN .' !\n  sh \"\"\"\n    docker build \\\\\n      --build-arg HF_TOKEN=${env.HF_TOKEN} . !\n  \"\"\"\n  sh(script: \"hf auth login --token ${token}\", returnStdout: true) !\n} } } }\n",
        "node {\n  withCredentials([string(credentialsId: 'hf', variable: 'T')]) {\n    docker.build(\"x:${v}\", \"--build-arg HF_TOKEN=${T} .\") !\n  }\n}\n",
        "def args = '--build-arg HF_TOKEN=' + env.HF_TOKEN !\nnode {\n  // sh 'docker build --build-arg HF_TOKEN .'\n  /* sh 'docker build --build-arg HF_TOKEN .' */\n  echo 'docker build --build-arg HF_TOKEN .'\n  sh \"docker build ${args} .\"\n}\n",
        "pipeline { agent { dockerfile { additionalBuildArgs \"--build-arg HF_TOKEN=${HF_TOKEN}\" } } !\n  environment { HF_TOKEN = credentials('hf') }\n}\n",
        "node { bat 'docker build --build-arg HF_TOKEN=%HF_TOKEN% .' !\n  powershell 'docker build --build-arg HF_TOKEN=$env:HF_TOKEN .' !\n}\n",
        "node { sh '''\n  docker build --secret id=HF_TOKEN,env=HF_TOKEN .\n  hf auth login --token $T\n'''\n  docker.build('x')\n  sh 'hf auth logout' }\n",
    ] {
        assert_marked("Jenkinsfile", marked);
    }
}

#[test]
fn files_of_builders() {
    for marked in [
        "build:\n  run:\n    - hf auth login --token $HF_TOKEN !\n    - command: huggingface-cli login --token $(cat /etc/t) !\n      mounts: [{type: secret, id: t, target: /etc/t}]\n    - pip install x\npredict: predict.py:P\n",
        "build:\n  run:\n    - command: HF_TOKEN=$(cat /etc/t) hf download m\n      mounts: [{type: secret, id: t, target: /etc/t}]\n    - hf auth login --token $T && hf download m && hf auth logout\n",
    ] {
        assert_marked("cog.yaml", marked);
    }
    assert_marked(
        "skaffold.yaml",
        "build:\n  artifacts:\n    - image: a\n      docker:\n        buildArgs:\n          HF_TOKEN: '{{.HF_TOKEN}}' !\n          MODEL: x\n        secrets: [{id: HF_TOKEN, env: HF_TOKEN}]\n    - image: b\n      kaniko: {buildArgs: {HF_TOKEN: '{{.T}}'}} !\n    - image: c\n      custom: {buildCommand: docker build --build-arg HF_TOKEN .} !\n",
    );
    assert_marked(
        "fly.toml",
        "app = 'x'\n[build.args]\n  HF_TOKEN = \"$HF_TOKEN\" !\n  MODEL = 'm'\n[env]\n  HF_TOKEN = ''\n",
    );
    assert_marked(
        "railway.toml",
        "[build]\nbuildCommand = \"hf auth login --token $HF_TOKEN && hf download m\" !\n[deploy]\nstartCommand = \"hf auth login --token $T\"\n",
    );
    assert_marked(
        "nixpacks.toml",
        "[phases.build]\ncmds = ['...', 'hf auth login --token $T'] !\n[start]\ncmd = 'hf auth login --token $T'\n",
    );
    assert_marked(
        "Earthfile",
        "VERSION 0.8\nbuild:\n  FROM x\n  RUN --secret HF_TOKEN hf auth login --token $HF_TOKEN !\n  RUN --secret HF_TOKEN hf download m\n  BUILD --build-arg HF_TOKEN=$HF_TOKEN +other !\n  BUILD +other --HF_TOKEN=$HF_TOKEN --V=1 !\n  # RUN hf auth login --token $T\n",
    );
    assert_marked(
        "package.json",
        "{\"scripts\": {\n  \"a\": \"docker build --build-arg HF_TOKEN=$HF_TOKEN .\", !\n  \"b\": \"echo docker build --build-arg HF_TOKEN\",\n  \"c\": \"docker build .\"}}\n",
    );
    assert_marked(
        "pyproject.toml",
        "[tool.poe.tasks]\na = \"docker build --build-arg HF_TOKEN .\" !\nb = {cmd = \"docker build .\"}\n",
    );
}

/// A file with one finding, what its help holds, and what it does not.
type Row<'a> = (&'a str, String, Vec<&'a str>, &'a str);

const MOUNT: &str = "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN";
/// A build whose token follows.
const RUN: &str = "docker build --build-arg HF_TOKEN=";

fn assert_helps(rows: Vec<Row<'_>>) {
    for (path, text, expected, unexpected) in rows {
        let help = help(path, &text);
        for expected in expected {
            assert!(help.contains(expected), "{path}: {text}\n{expected}\n{help}");
        }
        assert!(unexpected.is_empty() || !help.contains(unexpected), "{path}: {text}\n{unexpected}\n{help}");
    }
}

#[test]
fn the_help_tells_the_change_of_a_pipeline_too() {
    let run = RUN;
    let workflow = |env: &str, value: &str| {
        format!("jobs:\n  a:\n    steps:\n      - run: {run}{value} .\n        env: {{{env}}}\n")
    };
    let secret = "${{ secrets.HF_TOKEN }}";
    let cloud =
        |field: &str, value: &str| format!("steps:\n- name: docker\n  script: {run}{value} .\n  {field}\n");
    let actions = ".github/workflows/a.yml";
    assert_helps(vec![
        (
            actions,
            workflow("", secret),
            vec!["--secret id=HF_TOKEN,env=HF_TOKEN`", "HF_TOKEN: ${{ secrets.HF_TOKEN }}", MOUNT],
            "",
        ),
        (actions, workflow("", "${{ secrets.HF_KEY }}"), vec!["HF_TOKEN: ${{ secrets.HF_KEY }}"], ""),
        (
            actions,
            workflow("HF_TOKEN: '${{ secrets.HF_TOKEN }}'", secret),
            vec!["id=HF_TOKEN,env=HF_TOKEN`"],
            "env:\n",
        ),
        (actions, workflow("TT: '${{ secrets.HF_TOKEN }}'", "$TT"), vec!["id=HF_TOKEN,env=TT`"], "env:\n"),
        (
            ".gitlab-ci.yml",
            format!("a: {{script: '{run}$TT .'}}"),
            vec!["id=HF_TOKEN,env=TT`", MOUNT],
            "env:\n",
        ),
        (
            "azure-pipelines.yml",
            format!("steps: [{{script: {run}$(HF_TOKEN) .}}]"),
            vec!["HF_TOKEN: $(HF_TOKEN)", MOUNT],
            "",
        ),
        (
            "cloudbuild.yaml",
            cloud("", "$_HF_TOKEN"),
            vec!["secretEnv: [HF_TOKEN]", "availableSecrets:", "env=HF_TOKEN`"],
            "env: _HF",
        ),
        (
            "cloudbuild.yaml",
            cloud("secretEnv: [HF_TOKEN]", "$HF_TOKEN"),
            vec!["env=HF_TOKEN`"],
            "availableSecrets",
        ),
        ("Jenkinsfile", format!("node {{ sh \"{run}${{t}} .\"\n}}"), vec!["withCredentials("], ""),
        (
            "Jenkinsfile",
            format!("withCredentials([string(variable: 'HF_TOKEN')]) {{ sh '{run}$HF_TOKEN .'\n}}"),
            vec!["env=HF_TOKEN`"],
            "withCredentials",
        ),
        (
            ".drone.yml",
            format!("steps: [{{commands: ['{run}$HF_TOKEN .']}}]"),
            vec!["from_secret: HF_TOKEN"],
            "",
        ),
        (
            ".drone.yml",
            "steps: [{settings: {build_args_from_env: [HF_TOKEN]}}]".to_owned(),
            vec!["secrets_from_env"],
            "",
        ),
        (
            ".circleci/config.yml",
            format!("jobs: {{a: {{steps: [run: {run}$HF_TOKEN .]}}}}"),
            vec!["env=HF_TOKEN`"],
            "env:\n",
        ),
        ("Makefile", format!("b:\n\t{run}$(HF_TOKEN) .\n"), vec!["env=HF_TOKEN`", MOUNT], "export"),
    ]);
}

#[test]
fn the_help_tells_the_change_of_a_script_and_a_builder() {
    let run = RUN;
    assert_helps(vec![
        (
            "Makefile",
            format!("HF_TOKEN := $(shell cat t)\nb:\n\t{run}$(HF_TOKEN) .\n"),
            vec!["export HF_TOKEN"],
            "",
        ),
        (
            "Makefile",
            format!("export HF_TOKEN := $(shell cat t)\nb:\n\t{run}$(HF_TOKEN) .\n"),
            vec!["env=HF_TOKEN`"],
            "export",
        ),
        ("build.sh", format!("TT=$(cat t)\n{run}$TT .\n"), vec!["export TT", "env=TT`"], ""),
        ("build.sh", format!("export TT=$(cat t)\n{run}$TT .\n"), vec!["env=TT`"], "export"),
        ("build.ps1", format!("$t = 'x'\n{run}$t .\n"), vec!["$env:t"], ""),
        ("build.sh", "/kaniko/executor --build-arg HF_TOKEN".to_owned(), vec!["Kaniko", "buildah build"], ""),
        (
            "build.sh",
            "docker compose build --build-arg HF_TOKEN".to_owned(),
            vec!["environment: HF_TOKEN", "services:"],
            "",
        ),
        ("build.sh", "fly deploy --build-arg HF_TOKEN=$HF_TOKEN".to_owned(), vec!["--build-secret"], ""),
        (
            "build.sh",
            "docker build . && hf auth login --token $T".to_owned(),
            vec!["Delete the login", "exports `HF_TOKEN`"],
            "",
        ),
        (
            "cog.yaml",
            "build: {run: [hf auth login --token $T]}".to_owned(),
            vec!["mounts:", "cog build --secret id=HF_TOKEN,src="],
            "",
        ),
        (
            "skaffold.yaml",
            "build: {artifacts: [{docker: {buildArgs: {HF_TOKEN: '{{.T}}'}}}]}".to_owned(),
            vec!["secrets:\n        - id: HF_TOKEN", MOUNT],
            "",
        ),
        (
            "fly.toml",
            "build = {args = {HF_TOKEN = '$X'}}".to_owned(),
            vec!["fly deploy --build-secret HF_TOKEN"],
            "",
        ),
        ("Earthfile", "a:\n  RUN hf auth login --token $T\n".to_owned(), vec!["earthly --secret"], ""),
        (
            "railway.toml",
            "[build]\nbuildCommand = 'hf auth login --token $T'\n".to_owned(),
            vec!["variables of a service"],
            "",
        ),
    ]);
}
