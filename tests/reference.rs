//! The pages of the book that are generated: the reference of types, and of functions.
//!
//! They are checked in, so that the book can be read and built without compiling anything. This
//! test holds them to the code, and writes them where it is told to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use greenroom_local::runtime::{Launcher, Root};
use greenroom_local::{LocalOptions, LocalProvider, ValueProvider};
use greenroom_provider::Provider;
use greenroom_spec::expr::functions;
use greenroom_spec::reference_pages::reference_markdown;
use greenroom_spec::schemas::Schemas;

/// The environment variable that has the pages written instead of compared.
const UPDATE: &str = "GREENROOM_UPDATE_DOCS";

/// What stands above the table of functions.
const FUNCTIONS_HEAD: &str = "\
# Functions

Names and behaviour are Terraform's. An argument that may be left out ends with `?`, one that may be
repeated ends with `...`. Functions whose result differs from call to call, such as `timestamp` and
`uuid`, are absent: equal inputs give equal plans.

| function | result |
| --- | --- |
";

#[test]
fn generated_pages_of_the_book_are_what_the_code_says() {
    let pages = generated_pages();
    if std::env::var(UPDATE).is_ok_and(|value| value == "1") {
        write(&pages);
    }
    let how = format!("run this test again with {UPDATE}=1, which writes the pages");
    for (path, text) in &pages {
        let Ok(written) = fs::read_to_string(path) else {
            panic!("{} is missing: {how}", path.display())
        };
        assert!(written == *text, "{} is not what the code says: {how}", path.display());
    }
    let left = left_over(&pages);
    assert!(left.is_empty(), "nothing generates {left:?} any more: {how}");
}

#[test]
fn the_table_of_contents_names_every_page() {
    let contents = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for page in markdown_below(&book()) {
        let page = page.strip_prefix(book()).unwrap().display().to_string();
        let named = page == "SUMMARY.md" || contents.contains(&format!("({page})"));
        assert!(named, "SUMMARY.md does not name {page}");
    }
}

/// The text of each generated page.
fn generated_pages() -> BTreeMap<PathBuf, String> {
    let reference = reference_markdown(&schemas())
        .into_iter()
        .map(|page| (reference_folder().join(page.path), page.text));
    reference.chain([(book().join("functions.md"), functions_page())]).collect()
}

/// What the providers of this build take. No schema depends on where its provider works.
fn schemas() -> Schemas {
    let local = LocalProvider::new(LocalOptions {
        root: Root::at(Path::new("/")),
        launcher: Launcher { program: PathBuf::new(), arguments: Vec::new() },
        base: PathBuf::from("/"),
    });
    let aws = greenroom_aws::schema(greenroom_aws::Pace::default());
    Schemas::new([local.schema().clone(), ValueProvider::new().schema().clone(), aws])
}

fn functions_page() -> String {
    let mut page = FUNCTIONS_HEAD.to_owned();
    for function in functions::all() {
        let doc = function.doc().replace('|', "\\|");
        writeln!(page, "| `{}` | {doc} |", function.signature())
            .expect("writing to a string cannot fail");
    }
    page
}

fn write(pages: &BTreeMap<PathBuf, String>) {
    for page in left_over(pages) {
        fs::remove_file(page).expect("a page of the checkout can be removed");
    }
    for (path, text) in pages {
        fs::create_dir_all(path.parent().expect("a page lies in the book"))
            .expect("the book can have another folder");
        fs::write(path, text).expect("a page of the checkout can be written");
    }
}

/// Pages of the reference that are there and that nothing generates.
fn left_over(pages: &BTreeMap<PathBuf, String>) -> Vec<PathBuf> {
    let mut there = markdown_below(&reference_folder());
    there.retain(|page| !pages.contains_key(page));
    there
}

/// All Markdown files in `folder`, however deep.
fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the book has this folder") {
        let path = entry.expect("a folder of the checkout can be read").path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The folder of the book's pages.
fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src")
}

fn reference_folder() -> PathBuf {
    book().join("reference")
}
