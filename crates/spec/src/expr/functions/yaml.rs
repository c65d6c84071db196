//! YAML, read by a library and written as Terraform writes it.

use std::fmt::Write;

use greenroom_model::value::Value;

use super::encoding::json_encode;
use crate::expr::convert::Fault;

/// Reads one YAML document.
pub(super) fn decode(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str::<Value>(text).map_err(|error| {
        let reason = error.to_string();
        format!("no valid YAML: {}", reason.lines().next().unwrap_or_default())
    })
}

/// Writes a value in block style; strings in quotes, or as blocks if they
/// have several lines.
pub(super) fn encode(value: &Value) -> Result<String, Fault> {
    let mut yaml = String::new();
    write_value(&mut yaml, value, 0)?;
    Ok(yaml)
}

fn write_value(yaml: &mut String, value: &Value, indent: usize) -> Result<(), Fault> {
    match value {
        Value::List(elements) if !elements.is_empty() => {
            for (position, element) in elements.iter().enumerate() {
                start(yaml, position, indent);
                yaml.push_str("- ");
                write_value(yaml, element, indent + 2)?;
            }
        }
        Value::Object(attributes) if !attributes.is_empty() => {
            for (position, (name, attribute)) in attributes.iter().enumerate() {
                start(yaml, position, indent);
                write!(yaml, "{}:", json_encode(&Value::String(name.clone()))?)
                    .expect("strings take all");
                write_attribute(yaml, attribute, indent)?;
            }
        }
        scalar => {
            write_scalar(yaml, scalar, indent)?;
            yaml.push('\n');
        }
    }
    Ok(())
}

fn write_attribute(yaml: &mut String, value: &Value, indent: usize) -> Result<(), Fault> {
    let nested = match value {
        Value::List(elements) if !elements.is_empty() => Some(indent),
        Value::Object(attributes) if !attributes.is_empty() => Some(indent + 2),
        _ => None,
    };
    match nested {
        Some(indent) => {
            yaml.push('\n');
            yaml.push_str(&" ".repeat(indent));
            write_value(yaml, value, indent)
        }
        None => {
            yaml.push(' ');
            write_value(yaml, value, indent + 2)
        }
    }
}

/// Begins an entry; the first stands where the cursor is.
fn start(yaml: &mut String, position: usize, indent: usize) {
    if position > 0 {
        yaml.push_str(&" ".repeat(indent));
    }
}

fn write_scalar(yaml: &mut String, value: &Value, indent: usize) -> Result<(), Fault> {
    match value {
        Value::String(text) if text.contains('\n') && !text.starts_with([' ', '\n']) => {
            write_block(yaml, text, indent);
            Ok(())
        }
        scalar => {
            yaml.push_str(&json_encode(scalar)?);
            Ok(())
        }
    }
}

fn write_block(yaml: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    let trailing = text.len() - body.len();
    yaml.push_str(match trailing {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    let kept = body.lines().chain(std::iter::repeat_n("", trailing.saturating_sub(1)));
    for line in kept {
        yaml.push('\n');
        if !line.is_empty() {
            yaml.push_str(&" ".repeat(indent.max(2)));
            yaml.push_str(line);
        }
    }
}
