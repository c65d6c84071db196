//! Programs of this machine.

use std::process::{Output, Stdio};

use tokio::process::Command;

use super::Look;

/// The exit status by which a program says that it cannot tell: EX_TEMPFAIL of sysexits.h.
const CANNOT_TELL: i32 = 75;

/// Looks once.
pub(super) async fn look(argv: &[String]) -> Look {
    let Some((program, arguments)) = argv.split_first() else {
        return Look::error("the command is empty");
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match output {
        Err(error) => Look::error(format!("cannot run `{program}`: {error}")),
        Ok(output) => {
            let evidence = format!("`{}`: {}{}", argv.join(" "), output.status, last_line(&output));
            match output.status.code() {
                Some(0) => Look::pass(evidence),
                Some(CANNOT_TELL) => Look::inconclusive(evidence),
                _ => Look::fail(evidence),
            }
        }
    }
}

fn last_line(output: &Output) -> String {
    let text = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let text = String::from_utf8_lossy(text);
    text.trim_end().lines().next_back().map(|line| format!(", {line}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use greenroom_model::gate::GateResult;

    use super::*;

    async fn run(words: &[&str]) -> Look {
        look(&words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()).await
    }

    #[tokio::test]
    async fn a_program_passes_fails_or_cannot_tell_by_its_exit_status() {
        assert_eq!(run(&["true"]).await.result, GateResult::Pass);
        let failed = run(&["sh", "-c", "echo not ready; exit 1"]).await;
        assert_eq!(failed.result, GateResult::Fail);
        assert!(failed.evidence.ends_with(", not ready"), "{}", failed.evidence);
        assert_eq!(run(&["sh", "-c", "exit 75"]).await.result, GateResult::Inconclusive);
        assert_eq!(run(&["/nowhere/program"]).await.result, GateResult::Error);
    }
}
