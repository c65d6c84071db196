//! Where a key that is there twice stands first. The TOML parser tells only the second place.

use greenroom_model::span::Span;

/// The earlier place of the key at `second`, if it can be found.
pub(super) fn first_place(text: &str, second: Span) -> Option<Span> {
    let key = text.get(second.range())?.trim_matches(['"', '\'']);
    let line_start = text[..second.range().start].rfind('\n').map_or(0, |n| n + 1);
    let prefix = text[line_start..second.range().end].trim_start();
    match prefix.starts_with('[') {
        true => earlier_header(text, line_start, &path(prefix), key),
        false => earlier_key(text, second.range().start, key),
    }
}

/// The last key of the earlier header with the same path.
fn earlier_header(text: &str, before: usize, wanted: &str, key: &str) -> Option<Span> {
    let mut start = 0;
    for line in text[..before].split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') && path(trimmed.split('#').next()?) == wanted {
            let at = start + line.rfind(key)?;
            return Some(Span::of(at..at + key.len()));
        }
        start += line.len();
    }
    None
}

/// The path of a header, however it is spaced and quoted.
fn path(header: &str) -> String {
    header.chars().filter(|c| !c.is_whitespace() && !matches!(c, '[' | ']' | '"' | '\'')).collect()
}

/// The nearest place before `before`, in the same table, where `key` starts an entry.
fn earlier_key(text: &str, before: usize, key: &str) -> Option<Span> {
    let table = text[..before].rfind("\n[").map_or(0, |n| n + 1);
    let found = text[table..before].rmatch_indices(key).map(|(at, _)| table + at).find(|&at| {
        let starts = text[..at].trim_end_matches([' ', '\t']);
        let opens = starts.is_empty() || starts.ends_with(['\n', '{', ',']);
        let follows = text[at + key.len()..].trim_start_matches([' ', '\t']);
        opens && follows.starts_with(['=', '.'])
    })?;
    Some(Span::of(found..found + key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> (usize, Option<usize>) {
        let (_, errors) = toml::de::DeTable::parse_recoverable(text);
        let second = Span::of(errors[0].span().expect("a place"));
        (second.start as usize, first_place(text, second).map(|span| span.start as usize))
    }

    #[test]
    fn both_places_are_found() {
        assert_eq!(places("[a]\nx = 1\ny = 2\nx = 3\n"), (16, Some(4)));
        assert_eq!(places("[a.b]\nx = 1\n[a.\"b\"]\n"), (15, Some(3)));
        assert_eq!(places("x = { y = 1, y = 2 }\n"), (13, Some(6)));
    }
}
