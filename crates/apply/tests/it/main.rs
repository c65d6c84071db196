//! The driver over a simulated cloud and a faulty disk, on simulated time.

#![allow(clippy::unwrap_used, missing_docs)]

mod cancelling;
mod crashes;
mod credentials;
mod disk_faults;
mod importing;
mod lab;
mod lifecycle;
mod lost_answers;
mod lost_leases;
mod rescue;
mod restoring;
mod saved_plans;

#[test]
fn no_test_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = std::fs::read_to_string(format!("{folder}/main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let module = file.strip_suffix(".rs").unwrap();
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{file}");
    }
}
