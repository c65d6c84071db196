//! What a builder's machine says on its console.

/// How much of a console that says nothing is shown, in lines.
const TAIL: usize = 20;

/// What a machine said of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is provisioned.
    Provisioned,
    /// It is not: why, and the end of what its scripts printed.
    Failed { why: String, log: String },
    /// Nothing; the end of what is there.
    Nothing { tail: String },
}

/// Reads what the machine of the builder `uid` printed.
pub(super) fn read(text: &str, uid: &str) -> Said {
    let lines: Vec<&str> = text.lines().map(|it| it.trim_end_matches('\r')).collect();
    let words = |line: &str| line.trim_start().strip_prefix("greenroom: ").map(str::to_owned);
    for (at, words) in lines.iter().enumerate().filter_map(|(at, line)| Some((at, words(line)?))) {
        if words.strip_prefix("provisioned ") == Some(uid) {
            return Said::Provisioned;
        }
        if let Some(why) = words.strip_prefix("provisioning failed: ") {
            return Said::Failed { why: why.to_owned(), log: log(&lines[at + 1..]) };
        }
    }
    let tail = &lines[lines.len().saturating_sub(TAIL)..];
    Said::Nothing { tail: tail.join("\n").trim().to_owned() }
}

/// The log that a failure is followed by.
fn log(lines: &[&str]) -> String {
    let begun = lines.iter().skip_while(|it| !it.ends_with("greenroom: log begins")).skip(1);
    let log: Vec<&str> =
        begun.take_while(|it| !it.ends_with("greenroom: log ends")).copied().collect();
    log.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_says_that_it_is_provisioned_by_its_own_uid() {
        assert_eq!(read("boot\r\ngreenroom: provisioned u1\r\n", "u1"), Said::Provisioned);
        let other = read("boot\ngreenroom: provisioned u2\n", "u1");
        assert!(matches!(other, Said::Nothing { .. }), "{other:?}");
    }

    #[test]
    fn a_failure_comes_with_the_end_of_the_log() {
        let text = "boot\n\ngreenroom: provisioning failed: a.sh exited with 7\n\n\
                    greenroom: log begins\none\ntwo\n\ngreenroom: log ends\n[ 9.1] Power down";
        let (why, log) = ("a.sh exited with 7".to_owned(), "one\ntwo".to_owned());
        assert_eq!(read(text, "u1"), Said::Failed { why, log });
    }

    #[test]
    fn of_a_machine_that_says_nothing_the_end_is_shown() {
        let text: Vec<String> = (1..=30).map(|it| it.to_string()).collect();
        let Said::Nothing { tail } = read(&text.join("\n"), "u1") else {
            panic!("nothing is said")
        };
        assert_eq!((tail.lines().next(), tail.lines().last()), (Some("11"), Some("30")));
    }
}
