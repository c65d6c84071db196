//! Names that are close to a misspelt one.

/// The candidate nearest to `name`, if one is near enough to have been meant.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …`, or the list of what there is, if it is short.
#[must_use]
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const LONGEST_LIST: usize = 12;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if candidates.is_empty() || candidates.len() > LONGEST_LIST {
        return None;
    }
    let listed: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("known here: {}", listed.join(", ")))
}

/// Letters to change, upper and lower case and `-` and `_` being one: they are mistaken easily.
fn distance(left: &str, right: &str) -> usize {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    strsim::damerau_levenshtein(&plain(left), &plain(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_does_not() {
        let names = ["cidr_block", "tags", "vpc_id"];
        assert_eq!(nearest("cidr_blok", names), Some("cidr_block"));
        assert_eq!(nearest("tag", names), Some("tags"));
        assert_eq!(nearest("VPC-ID", names), Some("vpc_id"));
        assert_eq!(nearest("subnet", names), None);
    }
}
