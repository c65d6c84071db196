//! Images pushed to and pulled from a real registry, also through a proxy that fails.

#![allow(clippy::unwrap_used)]

mod access;
mod cut_off;
mod images;
mod mistakes;
mod proxy;
#[path = "../../../../tests/registry/mod.rs"]
mod registry;
mod shop;

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

/// Its output ends a run of all tests, which pass also where they could show nothing.
#[test]
fn a_real_registry_is_on_this_machine_or_this_says_so() {
    if let Some(program) = registry::program() {
        println!("images were pushed to and pulled from `{}`", program.display());
    }
}
