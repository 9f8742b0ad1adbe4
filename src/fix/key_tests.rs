//! Tests of files from which logins take their tokens.

use super::mend::mend;
use super::tests::{becomes, run};
use crate::dockerfile::parse;
use crate::rules::dockerfile::check;

#[test]
fn a_key_that_is_copied_for_a_login_goes_with_it() {
    for (body, expected) in [
        (
            "COPY hub.key /tmp/hub.key\nRUN cat /tmp/hub.key | xargs hf auth login --token\nRUN python x.py\n",
            "RUN MOUNT python x.py\n",
        ),
        (
            "COPY hub.key /tmp/hub.key\nRUN pip install x\nRUN cat /tmp/hub.key | xargs hf auth login --token && rm \
             /tmp/hub.key\nRUN python x.py\n",
            "RUN pip install x\nRUN MOUNT python x.py\n",
        ),
        (
            "WORKDIR /w\nADD k.txt ./\nRUN hf auth login --token $(cat k.txt) && hf download m\nRUN rm /w/k.txt\n",
            "WORKDIR /w\nRUN MOUNT hf download m\n",
        ),
        (
            "COPY a.py k.txt b.py /w/\nRUN hf auth login --token \"$(cat /w/k.txt)\" && hf download m\n",
            "COPY a.py b.py /w/\nRUN MOUNT hf download m\n",
        ),
        (
            "WORKDIR /w\nADD k.txt ./\nRUN python -c \"from huggingface_hub import login; login(open('k.txt').read())\"\n",
            "WORKDIR /w\n",
        ),
    ] {
        becomes(body, expected);
    }
    // The login stays if something else names the file, or if more is copied with it. A scan finds it then.
    for body in [
        "COPY hub.key /tmp/hub.key\nRUN cat /tmp/hub.key | xargs hf auth login --token\nRUN chmod 600 /tmp/hub.key\n",
        "COPY hub.key /tmp/hub.key\nRUN cat /tmp/hub.key | xargs hf auth login --token\nENV KEY=/tmp/hub.key\n",
        "COPY conf /tmp/conf\nRUN cat /tmp/conf/hub.key | xargs hf auth login --token\n",
        "COPY [\"a.py\", \"k.txt\", \"/w/\"]\nRUN hf auth login --token \"$(cat /w/k.txt)\"\n",
        "COPY k.txt /w/\nRUN hf auth login --token \"$(cat /w/k.txt)\"\nRUN hf download m --token $(cat /w/k.txt)\n",
    ] {
        let (_, left) = run(&format!("FROM a\n{body}"));
        assert!(left.contains(&"dockerfile/copies-token-file"), "{body}: {left:?}");
        let mended = mend(format!("FROM a\n{body}").as_bytes());
        let found = check(&mended.source, &parse(&mended.source));
        assert_eq!(found.len(), left.len(), "{body}: {found:#?}");
    }
}

#[test]
fn a_login_that_stays_needs_no_secret_in_its_place() {
    let source = "FROM a\nARG KK\nRUN <<A bash && <<B python3\nexport X=$KK\nA\nimport os\nfrom huggingface_hub import login\n\
                  login(os.environ[\"KK\"])\nB\nRUN hf download o/m\n";
    let mended = mend(source.as_bytes());
    let secrets: Vec<_> = mended.secrets.iter().map(|secret| secret.argument().as_str().to_owned()).collect();
    assert_eq!(secrets, ["id=KK,env=KK"]);
    assert!(mended.left.iter().any(|left| left.why.is_some()));
}
