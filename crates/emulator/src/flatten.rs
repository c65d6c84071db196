//! Bodies as flat parameters, as forms have them: `Tags.1.Key`.

use ciborium::Value as Cbor;
use serde_json::Value as Json;
use xmltree::Element;

use crate::call::Parameters;

/// The leaves of a JSON document; none if it is not one.
pub(crate) fn json(body: &[u8]) -> Parameters {
    let mut leaves = Parameters::new();
    if let Ok(value) = serde_json::from_slice(body) {
        json_leaves(&value, "", &mut leaves);
    }
    leaves
}

/// The leaves of a CBOR document; none if it is not one.
pub(crate) fn cbor(body: &[u8]) -> Parameters {
    let mut leaves = Parameters::new();
    if let Ok(value) = ciborium::from_reader(body) {
        cbor_leaves(&value, "", &mut leaves);
    }
    leaves
}

/// The leaves of an XML document, without its root's name. Elements that share a name are numbered.
pub(crate) fn xml(document: &Element) -> Parameters {
    let mut leaves = Parameters::new();
    xml_leaves(document, "", &mut leaves);
    leaves
}

fn json_leaves(value: &Json, path: &str, leaves: &mut Parameters) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                json_leaves(value, &below(path, name), leaves);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                json_leaves(value, &below(path, &(index + 1).to_string()), leaves);
            }
        }
        Json::String(text) => drop(leaves.insert(path.to_owned(), text.clone())),
        other => drop(leaves.insert(path.to_owned(), other.to_string())),
    }
}

fn cbor_leaves(value: &Cbor, path: &str, leaves: &mut Parameters) {
    match value {
        Cbor::Map(fields) => {
            for (name, value) in fields {
                cbor_leaves(value, &below(path, name.as_text().unwrap_or("?")), leaves);
            }
        }
        Cbor::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                cbor_leaves(value, &below(path, &(index + 1).to_string()), leaves);
            }
        }
        Cbor::Tag(_, value) => cbor_leaves(value, path, leaves),
        Cbor::Text(text) => drop(leaves.insert(path.to_owned(), text.clone())),
        other => drop(leaves.insert(path.to_owned(), scalar(other))),
    }
}

fn scalar(value: &Cbor) -> String {
    match value {
        Cbor::Integer(number) => i128::from(*number).to_string(),
        Cbor::Float(number) => number.to_string(),
        Cbor::Bool(truth) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

fn xml_leaves(element: &Element, path: &str, leaves: &mut Parameters) {
    let children: Vec<&Element> =
        element.children.iter().filter_map(|child| child.as_element()).collect();
    if children.is_empty() && !path.is_empty() {
        let text = element.get_text().unwrap_or_default().into_owned();
        leaves.insert(path.to_owned(), text);
    }
    for (index, child) in children.iter().enumerate() {
        let same = |other: &&&Element| other.name == child.name;
        let mut name = below(path, &child.name);
        if children.iter().filter(same).count() > 1 {
            let number = children[..=index].iter().filter(same).count();
            name = below(&name, &number.to_string());
        }
        xml_leaves(child, &name, leaves);
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
