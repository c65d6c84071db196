//! Whatever is read, nothing panics, and every diagnostic has a place in its file.

use proptest::prelude::*;

use crate::support::check;

/// Lines of specs, whole and torn.
fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "[project]",
        "name = \"x\"",
        "[stage.a]",
        "needs = [\"a\"",
        "[[stage]]",
        "[variable.v]",
        "type = \"list(\"",
        "[local",
        "[local]",
        "a = \"${local.a}\"",
        "a = \"${f(\"é\")}\"",
        "b = [\"${f(\"x\")}\", 1]",
        "b = { c = \"${",
        "c = \"\"\"",
        "${var.v}",
        "\"\"\"",
        "'''",
        "d = \"\\u00e9${é",
        "\\",
        "[resource.sim_server.s]",
        "disk = [{ size = 1 }",
        "count = []",
        "disk.size = 1",
        "[[resource.sim_server.s.disk]]",
        "x.y.z = 1",
        "[gate.g]",
        "http = 1",
        "lifecycle = { ignore_changes = [\"[\"] }",
        "e = 1__2",
        "é = 2",
        "= 3",
        "]",
        "}",
        "# c",
        "f = 99999999999999999999",
        "[provider.sim.w]",
        "[stage.a.promotion]",
        "steps = [1, 300]",
    ]);
    prop::collection::vec(line, 0..16).prop_map(|lines| lines.join("\n"))
}

fn read_as_everything(text: &str) {
    for name in ["greenroom.toml", "environment.toml", "front.toml"] {
        check(&[(name, text)]);
    }
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}") {
        read_as_everything(&text);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn torn_specs_never_panic(text in lines(), newline in prop::sample::select(vec!["\n", "\r\n"])) {
        read_as_everything(&text.replace('\n', newline));
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    read_as_everything(&format!("a = {}", "[".repeat(20_000)));
    read_as_everything(&format!("a = {}", "{ a = ".repeat(20_000)));
    read_as_everything(&format!("[local]\n{} = 1", vec!["a"; 20_000].join(".")));
    read_as_everything(&format!("[{}]", vec!["local"; 20_000].join(".")));
    read_as_everything(&format!("[local]\na = \"${{{}", "(".repeat(20_000)));
    read_as_everything(&format!("[local]\na = \"{}", "${\"".repeat(20_000)));
}
