//! `aws_key_pair`.

use crate::lifecycle::Life;

#[tokio::test]
async fn life_of_a_key_pair() {
    let pair = |key: &str, tag: &str| {
        format!(
            "[resource.aws_key_pair.admin]\nkey_name = \"admin\"\npublic_key = \"{key}\"\n             tags = {{ Name = \"{tag}\" }}"
        )
    };
    let first =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINyuyrEEQ305okeKG0EnkBzLErk8zS+y6m/F5NMzJbmo one";
    let second =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIENsdKBuaz7X5MfsvozX14v93JegstoMkaGQas5APrzE two";
    Life {
        address: "pr/aws_key_pair.admin",
        base: pair(first, "a"),
        changed: Some(pair(first, "b")),
        replaced: Some(pair(second, "b")),
    }
    .live()
    .await;
}
