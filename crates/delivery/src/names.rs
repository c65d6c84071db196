//! Names of environments, derived from the build that asks for one.
//!
//! A name is a part of a state's name and of resources' names, so that it is short, made of `a-z`,
//! `0-9` and `-`, and ends in a hash of the whole text that it was derived from: two builds whose
//! texts differ only in what had to be left out still have two environments.

use std::io;

use crate::random;

/// The environment variable that names the environment.
const VARIABLE: &str = "GREENROOM_ENV";

/// The longest readable part. With a hyphen and the hash, a name has at most 28 characters, which
/// leaves room in the shortest names that AWS allows (32: load balancers, target groups).
const READABLE: usize = 19;

/// As many hexadecimal digits of the hash.
const HASH: usize = 8;

/// What a build server says of a build. The first that is whole is taken: what tells builds apart
/// before what only tells branches apart.
const BUILDS: &[&[&str]] = &[
    // Jenkins: jenkins-JOB-NUMBER.
    &["BUILD_TAG"],
    // GitHub Actions; the attempt, so that a run that is repeated has a new environment.
    &["GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"],
    // GitLab CI, where stages are jobs of one pipeline.
    &["CI_PROJECT_PATH", "CI_PIPELINE_ID"],
    &["BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BUILD_NUMBER"],
    &["CIRCLE_WORKFLOW_ID"],
    // Azure Pipelines.
    &["SYSTEM_TEAMPROJECT", "BUILD_BUILDID"],
    &["TEAMCITY_PROJECT_NAME", "BUILD_NUMBER"],
    // What is built: a change, or a branch.
    &["CHANGE_ID"],
    &["GITHUB_HEAD_REF"],
    &["CI_COMMIT_REF_SLUG"],
    &["BRANCH_NAME"],
];

/// The name of the environment that a build means: the one that was given, else the one in
/// `GREENROOM_ENV`, as they are; else one derived from what the build server says of the build or
/// the branch. `None` where there is neither.
///
/// `variable` looks an environment variable up.
#[must_use]
pub fn environment(
    given: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let set = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
    if let Some(name) = given.map(str::to_owned).or_else(|| set(VARIABLE)) {
        return Some(name);
    }
    let whole = |names: &&[&str]| names.iter().map(|name| set(name)).collect::<Option<Vec<_>>>();
    BUILDS.iter().find_map(whole).map(|parts| derived(&parts.join("-")))
}

/// A name that no other run has, for one that nothing else names.
///
/// # Errors
///
/// The system gives no randomness.
pub fn random() -> io::Result<String> {
    Ok(format!("run-{}", random::digits::<8>()?))
}

/// A name of `a-z`, `0-9` and `-`, at most 28 characters, for any text: equal for equal texts, and
/// another for every other.
#[must_use]
pub fn derived(text: &str) -> String {
    let hash = &blake3::hash(text.as_bytes()).to_hex()[..HASH];
    let readable = readable(text);
    match readable.is_empty() {
        true => hash.to_owned(),
        false => format!("{readable}-{hash}"),
    }
}

/// The last words of the text, which tell builds of one job apart, as far as they fit.
fn readable(text: &str) -> String {
    let mut words = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => words.push(c),
            _ if words.is_empty() || words.ends_with('-') => {}
            _ => words.push('-'),
        }
    }
    let words = words.trim_end_matches('-');
    match words.len().checked_sub(READABLE + 1) {
        None => words.to_owned(),
        // A word that is cut says less than none, unless there is no other.
        Some(before) => match words[before..].split_once('-') {
            Some((_, whole)) => whole.to_owned(),
            None => words[before + 1..].to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(given: Option<&str>, variables: &[(&str, &str)]) -> Option<String> {
        environment(given, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn a_given_name_wins_over_the_variable_over_the_build() {
        let build = [("GREENROOM_ENV", "mine"), ("BUILD_TAG", "jenkins-shop-17")];
        assert_eq!(named(Some("pr-17"), &build).as_deref(), Some("pr-17"));
        assert_eq!(named(None, &build).as_deref(), Some("mine"));
        let name = named(None, &build[1..]).expect("a build");
        assert!(name.starts_with("jenkins-shop-17-"), "{name}");
        assert_eq!(named(None, &[("GREENROOM_ENV", " ")]), None);
    }

    #[test]
    fn builds_of_one_job_and_attempts_of_one_run_have_names_of_their_own() {
        let github = |run: &str, attempt: &str| {
            let all = [
                ("GITHUB_REPOSITORY", "acme/a-shop-with-a-long-name"),
                ("GITHUB_RUN_ID", run),
                ("GITHUB_RUN_ATTEMPT", attempt),
                ("GITHUB_HEAD_REF", "topic"),
            ];
            named(None, &all)
        };
        assert_ne!(github("12345678901", "1"), github("12345678901", "2"));
        assert_ne!(github("12345678901", "1"), github("12345678902", "1"));
        // A build that is not wholly described is none; its branch is better than nothing.
        let branch = named(None, &[("GITHUB_RUN_ID", "1"), ("BRANCH_NAME", "feature/Ünicode")]);
        assert!(branch.as_ref().is_some_and(|it| it.starts_with("feature-nicode-")), "{branch:?}");
    }

    proptest! {
        #[test]
        fn every_text_has_a_short_and_safe_name(text in ".{0,80}") {
            let name = derived(&text);
            prop_assert!((HASH..=28).contains(&name.len()), "{name}");
            prop_assert!(greenroom_store::Segment::new(&name).is_ok(), "{name}");
            prop_assert!(greenroom_model::address::Scope::environment(&name).is_ok(), "{name}");
            prop_assert!(!name.contains("--") && !name.ends_with('-'), "{name}");
        }

        #[test]
        fn texts_that_differ_in_what_is_left_out_have_two_names(text in "[a-z]{1,30}") {
            let others = [text.to_uppercase(), format!("{text}/"), format!("x{text}")];
            prop_assert!(others.iter().all(|other| derived(other) != derived(&text)));
        }
    }
}
