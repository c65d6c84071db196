//! What is made of schemas: the JSON Schema and the reference pages.

use greenroom_spec::json_schema::json_schema;
use greenroom_spec::reference_pages::reference_markdown;
use insta::assert_snapshot;

use crate::support::schemas;

#[test]
fn the_json_schema_knows_the_types_arguments() {
    let schema = json_schema(&schemas());
    let server = &schema["$defs"]["resource.sim_server"];
    assert_eq!(server["required"], serde_json::json!(["network_id"]));
    assert_eq!(server["properties"]["size"]["default"], "small");
    assert_eq!(server["properties"]["size"]["description"], "How large it is.");
    assert!(server["properties"]["address"].is_null(), "only the provider gives it");
    assert!(server["properties"]["lifecycle"].is_object());
    assert!(schema["$defs"]["data.sim_image"]["properties"]["lifecycle"].is_null());
    let disk = &server["properties"]["disk"]["anyOf"];
    assert_eq!(disk[1]["$ref"], "#/$defs/expression");
}

#[test]
fn the_json_schema_takes_limits_from_one() {
    let schema = json_schema(&schemas());
    let project = &schema["$defs"]["project"]["properties"]["project"];
    for owner in [project, &schema["$defs"]["stage"]] {
        let limit = &owner["properties"]["max_environments"];
        assert_eq!((&limit["type"], &limit["minimum"]), (&"integer".into(), &1.into()));
    }
}

#[test]
fn every_reference_in_the_json_schema_leads_somewhere() {
    let schema = json_schema(&schemas());
    let mut left = vec![&schema];
    while let Some(value) = left.pop() {
        if let Some(reference) = value.get("$ref").and_then(|it| it.as_str()) {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
        match value {
            serde_json::Value::Array(values) => left.extend(values),
            serde_json::Value::Object(values) => left.extend(values.values()),
            _ => {}
        }
    }
}

#[test]
fn pages_tell_what_a_type_takes_and_gives() {
    let pages = reference_markdown(&schemas());
    let paths: Vec<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "sim.md",
            "sim/resource.sim_group.md",
            "sim/resource.sim_network.md",
            "sim/resource.sim_server.md",
            "sim/data.sim_image.md"
        ]
    );
    assert_snapshot!(pages[0].text, @r#"
    # Provider `sim`

    A cloud for tests.

    ## Settings

    | name | type | | meaning |
    | --- | --- | --- | --- |
    | `region` | string | required | Where to work. |

    ## Types

    - [`resource.sim_group`](sim/resource.sim_group.md)
    - [`resource.sim_network`](sim/resource.sim_network.md)
    - [`resource.sim_server`](sim/resource.sim_server.md)
    - [`data.sim_image`](sim/data.sim_image.md)
    "#);
    assert_snapshot!(pages[3].text, @r#"
    # `sim_server`

    A server.

    ```toml
    [resource.sim_server.NAME]
    ```

    ## Arguments

    | name | type | | meaning |
    | --- | --- | --- | --- |
    | `disk` | list of table | optional, at most 4 | Its disks. |
    | `health` | table | optional | How it is asked. |
    | `network_id` | string | required | Where it stands. |
    | `password` | string | optional, sensitive | For root. |
    | `size` | string | optional, default `"small"` | How large it is. |

    ### `disk`

    | name | type | | meaning |
    | --- | --- | --- | --- |
    | `kind` | string | optional, default `"ssd"` | `ssd` or `disk`. |
    | `size` | number | required | In GiB. |

    ### `health`

    | name | type | | meaning |
    | --- | --- | --- | --- |
    | `path` | string | required | What to ask for. |

    ## Attributes

    | name | type | | meaning |
    | --- | --- | --- | --- |
    | `address` | string | given by the provider | Where it answers. |
    | `id` | string | given by the provider | The id. |
    "#);
}
