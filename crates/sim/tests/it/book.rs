//! The book's page about the simulation.

use std::fs;

use greenroom_sim::tally::{Tally, all};

#[test]
fn the_book_has_everything_that_can_go_wrong_and_counts_it() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/book/src/simulation.md");
    let page = fs::read_to_string(page).unwrap();
    let counted = |line: &str| line.split_whitespace().skip(1).count();
    for row in Tally::default().to_string().lines().filter(|it| !it.is_empty()) {
        let name = row.split_whitespace().next().unwrap();
        let in_book = page.lines().find(|it| it.split_whitespace().next() == Some(name));
        let in_book = in_book.unwrap_or_else(|| panic!("the table lacks {name}"));
        assert_eq!(counted(in_book), counted(row), "{name}");
    }
    for (trouble, _) in all() {
        let name = format!("{trouble:?}");
        assert!(page.contains(&format!("`{name}`")), "{name} is not explained");
    }
}
