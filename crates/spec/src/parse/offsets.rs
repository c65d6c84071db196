//! From a TOML string's decoded offsets back to its file.

use greenroom_model::span::Span;

use crate::node::OffsetMap;

/// The map of the string that stands at `span` of `text`, quotes included.
pub(super) fn offsets(text: &str, span: Span) -> OffsetMap {
    let written = text.get(span.range()).unwrap_or_default();
    let (opening, closing) = quotes(written);
    let base = span.start;
    let inner_end = written.len().saturating_sub(closing).max(opening);
    let mut map = OffsetMap { runs: Vec::new(), end: base + width(inner_end) };
    push(&mut map, 0, base + width(opening));
    if written.starts_with('"') {
        escapes(&written[opening..inner_end], base + width(opening), closing == 3, &mut map);
    }
    map
}

/// How many bytes open and close the string; a newline right behind `"""` belongs to the opening.
fn quotes(written: &str) -> (usize, usize) {
    if !written.starts_with("\"\"\"") && !written.starts_with("'''") || written.len() < 6 {
        return (1.min(written.len()), 1);
    }
    let newline = match &written.as_bytes()[3..] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    };
    (3 + newline, 3)
}

/// Starts a new run behind each escape of `inner`, which lies at `base` of the file.
fn escapes(inner: &str, base: u32, multi_line: bool, map: &mut OffsetMap) {
    let (mut at, mut decoded) = (0, 0);
    while let Some(found) = inner[at..].find('\\') {
        decoded += width(found);
        at += found;
        let (written, yields) = escape(&inner[at..], multi_line);
        at = (at + written).min(inner.len());
        decoded += yields;
        push(map, decoded, base + width(at));
    }
}

/// How many bytes the escape at the start of `rest` takes, and how many it stands for.
fn escape(rest: &str, multi_line: bool) -> (usize, u32) {
    let character = rest[1..].chars().next();
    let unicode = |digits: usize| {
        let code = rest.get(2..2 + digits).and_then(|text| u32::from_str_radix(text, 16).ok());
        let yields = code.and_then(char::from_u32).map_or(1, |c| width(c.len_utf8()));
        (2 + digits, yields)
    };
    let (written, yields) = match character {
        Some('x') => unicode(2),
        Some('u') => unicode(4),
        Some('U') => unicode(8),
        Some(c) if multi_line && c.is_ascii_whitespace() => {
            let skipped = rest[1..].trim_start_matches([' ', '\t', '\n', '\r']);
            (rest.len() - skipped.len(), 0)
        }
        Some(c) => (1 + c.len_utf8(), 1),
        None => (1, 1),
    };
    let mut end = written.min(rest.len());
    while !rest.is_char_boundary(end) {
        end += 1;
    }
    (end, yields)
}

fn push(map: &mut OffsetMap, decoded: u32, file: u32) {
    map.runs.pop_if(|(start, _)| *start == decoded);
    map.runs.push((decoded, file));
}

fn width(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use toml::de::DeValue;

    /// A piece of a string: how it is written, and what it stands for.
    fn piece(multi_line: bool) -> impl Strategy<Value = (String, String)> {
        let plain = "[a-zé€😀 ${}(]".prop_map(|text| (text.clone(), text));
        let named = prop::sample::select(vec![("\\n", "\n"), ("\\t", "\t"), ("\\\\", "\\")])
            .prop_map(|(written, text)| (written.to_owned(), text.to_owned()));
        let quote = Just(("\\\"".to_owned(), "\"".to_owned()));
        let unicode = prop::sample::select(vec!['a', 'é', '€', '😀']).prop_flat_map(|c| {
            let code = c as u32;
            let mut forms = vec![format!("\\U{code:08x}")];
            forms.extend((code < 0x10000).then(|| format!("\\u{code:04X}")));
            forms.extend((code < 0x100).then(|| format!("\\x{code:02x}")));
            (prop::sample::select(forms), Just(c.to_string()))
        });
        let line = if multi_line {
            prop::sample::select(vec![
                ("\\\n  ", ""),
                ("\r\n", "\r\n"),
                ("\n", "\n"),
                ("\\ \r\n \n", ""),
            ])
        } else {
            prop::sample::select(vec![("b", "b"), ("\\e", "\u{1b}")])
        };
        let line = line.prop_map(|(written, text)| (written.to_owned(), text.to_owned()));
        prop_oneof![4 => plain, 1 => named, 1 => quote, 2 => unicode, 1 => line]
    }

    fn check(open: &str, close: &str, pieces: &[(String, String)]) -> Result<(), TestCaseError> {
        let inner: String = pieces.iter().map(|(written, _)| written.as_str()).collect();
        let text = format!("{open}{inner}{close}");
        let value = DeValue::parse(&text).expect("a sound string");
        let decoded: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        // Whitespace behind a line continuation is swallowed, which pieces cannot know.
        prop_assume!(value.get_ref().as_str() == Some(decoded.as_str()));
        let map = offsets(&text, Span::of(value.span()));
        let (mut at, mut file) = (0, open.len());
        for (written, text) in pieces {
            if !text.is_empty() {
                prop_assert_eq!(map.to_file(at), width(file), "{:?}", map);
            }
            at += width(text.len());
            file += written.len();
        }
        prop_assert_eq!(map.to_file(at), width(file));
        Ok(())
    }

    proptest! {
        #[test]
        fn decoded_offsets_of_a_basic_string_lead_back(pieces in prop::collection::vec(piece(false), 0..30)) {
            check("\"", "\"", &pieces)?;
        }

        #[test]
        fn decoded_offsets_of_a_multi_line_string_lead_back(pieces in prop::collection::vec(piece(true), 0..30)) {
            check("\"\"\"\n", "\"\"\"", &pieces)?;
        }

        #[test]
        fn decoded_offsets_of_a_literal_string_lead_back(inner in "[a-zé€😀\\\\\"${}]{0,30}") {
            let pieces: Vec<_> = inner.chars().map(|c| (c.to_string(), c.to_string())).collect();
            check("'", "'", &pieces)?;
        }
    }
}
