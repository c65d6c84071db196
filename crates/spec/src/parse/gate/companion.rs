//! `missing` and `companion`: what tells "zero" from "silent".

use super::probe::wrong;
use crate::parse::item::Item;
use crate::parse::reader::Reader;
use crate::parse::section::Section;

/// The companion, if missing data is to count as zero. One without the other is a mistake.
pub(super) fn companion(reader: &mut Reader<'_>, section: &mut Section) -> Option<Item> {
    let missing = section.text(reader, "missing");
    let companion = section.take_field("companion");
    if let Some(missing) = &missing
        && &*missing.value != "zero"
    {
        let message = format!("{} cannot be `{}`", section.of("missing"), missing.value);
        wrong(reader, missing.at, message, "only `zero`; without it, missing data is inconclusive");
    }
    match (missing, companion) {
        (Some(_), Some(companion)) => Some(companion.value),
        (Some(missing), None) => {
            let message =
                format!("{} takes what is missing for zero, and has no `companion`", section.what);
            wrong(reader, missing.at, message, "nothing tells whether it is silent");
            None
        }
        (None, Some(companion)) => {
            let message = format!("{} has a companion for nothing", section.what);
            wrong(reader, companion.key, message, "only with `missing = \"zero\"`");
            None
        }
        (None, None) => None,
    }
}
