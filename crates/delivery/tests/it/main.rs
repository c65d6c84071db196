//! What turns environments into a pipeline, on simulated stores.

#![allow(clippy::unwrap_used, missing_docs)]

mod gates;
mod kept;
mod oci;
mod places;
mod reap;
#[path = "../../../../tests/registry/mod.rs"]
mod registry;
mod repository;

#[test]
fn no_test_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = std::fs::read_to_string(format!("{folder}/main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let module = file.strip_suffix(".rs").unwrap_or(&file);
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{file}");
    }
}
