//! The simulation: what it shows of the engine, and that it would show what is wrong.

#![allow(clippy::unwrap_used, missing_docs)]

mod book;
mod flaws;
mod promotions;
mod replays;
mod seeds;

#[test]
fn no_test_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = std::fs::read_to_string(format!("{folder}/main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = file.strip_suffix(".rs") else { continue };
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{file}");
    }
}
