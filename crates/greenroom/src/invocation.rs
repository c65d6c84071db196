//! The command line as it was typed, fit to be shown to others.

use std::ffi::OsString;

/// This command, with the values of variables left out, as they may be secret.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    words: Vec<String>,
}

/// What stands in the place of a value that is not shown.
const HIDDEN: &str = "…";

impl Invocation {
    /// The command that `args` are, the program's name first.
    pub(crate) fn of(args: &[OsString]) -> Invocation {
        let mut words = vec!["greenroom".to_owned()];
        let mut value_follows = false;
        for arg in args.iter().skip(1) {
            let word = arg.to_string_lossy();
            words.push(match word.strip_prefix("--var=") {
                _ if value_follows => hide(&word),
                Some(pair) => format!("--var={}", hide(pair)),
                None => word.clone().into_owned(),
            });
            value_follows = word == "--var";
        }
        Invocation { words }
    }

    /// The command, as a person would type it.
    pub(crate) fn command(&self) -> String {
        join(&self.words)
    }

    /// The command that goes on where this one was stopped, without asking.
    pub(crate) fn resume(&self) -> String {
        let mut words = self.words.clone();
        if !words.iter().any(|word| word == "--yes") {
            words.push("--yes".to_owned());
        }
        join(&words)
    }
}

fn hide(pair: &str) -> String {
    let name = pair.split_once('=').map_or("", |(name, _)| name);
    format!("{name}={HIDDEN}")
}

/// Words as one command line for a POSIX shell.
pub(crate) fn join(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    quoted.join(" ")
}

/// A word as a POSIX shell takes it; control characters are replaced, as it goes to terminals.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+…".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let shown: String = word.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("'{}'", shown.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(words: &[&str]) -> Invocation {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        Invocation::of(&args)
    }

    #[test]
    fn values_of_variables_are_not_shown() {
        let shown =
            invocation(&["./g", "apply", "it", "--var", "token=s3cret", "--var=key=s3cret"]);
        assert_eq!(shown.command(), "greenroom apply it --var token=… --var=key=…");
    }

    #[test]
    fn the_command_that_resumes_does_not_ask() {
        assert_eq!(invocation(&["g", "apply", "it"]).resume(), "greenroom apply it --yes");
        assert_eq!(invocation(&["g", "apply", "it", "--yes"]).resume(), "greenroom apply it --yes");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        let shown = invocation(&["g", "-C", "my project", "apply", "it's", "\u{1b}[2J", ""]);
        assert_eq!(shown.command(), "greenroom -C 'my project' apply 'it'\\''s' '\u{fffd}[2J' ''");
    }
}
