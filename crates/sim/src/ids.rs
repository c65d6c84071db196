//! Names that programs make up: they differ from play to play, and nothing may depend on them.

/// The digits of such a name.
const DIGITS: usize = 32;

/// A text in which made-up names are left out.
pub(crate) fn without_made_up(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c.filter(char::is_ascii_hexdigit) {
            Some(digit) => run.push(digit),
            None => {
                left.push_str(if run.len() == DIGITS { "…" } else { &run });
                run.clear();
                left.extend(c);
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_are_left_out_and_words_are_not() {
        let text = "/srv/requests/.2db9d932d8607fd0af9412c04a7d61b8 of cafe";
        assert_eq!(without_made_up(text), "/srv/requests/.… of cafe");
    }
}
