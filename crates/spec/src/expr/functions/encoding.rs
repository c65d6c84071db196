//! JSON, YAML, CSV, base64 and URLs.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use greenroom_model::value::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Args, Function, Outcome, whole, yaml};
use crate::expr::convert::Fault;

pub(super) static TABLE: &[Function] = &[
    whole("base64decode", "string", "The text that was encoded as base64.", |args| {
        let bytes = decode(args, &args.text(0)?)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| args.fault("what was encoded is no UTF-8 text"))?;
        Ok(text.into())
    }),
    whole("base64encode", "string", "The text as base64.", |args| {
        Ok(STANDARD.encode(&*args.text(0)?).into())
    }),
    whole("base64gzip", "string", "The text compressed with gzip, as base64.", |args| {
        let compressed =
            gzip(args.text(0)?.as_bytes()).map_err(|error| args.fault(error.to_string()))?;
        Ok(STANDARD.encode(compressed).into())
    }),
    whole(
        "csvdecode",
        "string",
        "The rows of a CSV text as objects; the first row holds their keys.",
        csv_decode,
    ),
    whole("jsondecode", "string", "The value that the JSON text is.", |args| {
        serde_json::from_str(&args.text(0)?)
            .map_err(|error| args.fault(format!("no valid JSON: {error}")))
    }),
    whole("jsonencode", "value", "The value as JSON text.", |args| {
        Ok(json_encode(args.value(0))?.into())
    }),
    whole(
        "textdecodebase64",
        "string, encoding",
        "The text that was encoded as base64 of UTF-8, UTF-16LE or UTF-16BE.",
        |args| {
            let bytes = decode(args, &args.text(0)?)?;
            let decoded = match wide(args)? {
                None => String::from_utf8(bytes).ok(),
                Some(order) => {
                    String::from_utf16(&units(&bytes, order)).ok().filter(|_| bytes.len() % 2 == 0)
                }
            };
            decoded.map(Value::from).ok_or_else(|| args.fault("what was encoded is no valid text"))
        },
    ),
    whole(
        "textencodebase64",
        "string, encoding",
        "The text as base64 of UTF-8, UTF-16LE or UTF-16BE.",
        |args| {
            let text = args.text(0)?;
            let bytes = match wide(args)? {
                None => text.as_bytes().to_vec(),
                Some(order) => text.encode_utf16().flat_map(|unit| order.bytes(unit)).collect(),
            };
            Ok(STANDARD.encode(bytes).into())
        },
    ),
    whole("urlencode", "string", "The string as a part of a URL's query.", |args| {
        let encoded = utf8_percent_encode(&args.text(0)?, QUERY).to_string();
        Ok(encoded.replace("%20", "+").into())
    }),
    whole("yamldecode", "string", "The value that the YAML text is.", |args| {
        yaml::decode(&args.text(0)?).map_err(|message| args.fault(message))
    }),
    whole("yamlencode", "value", "The value as YAML text.", |args| {
        Ok(yaml::encode(args.value(0))?.into())
    }),
];

/// What stands unescaped in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn decode(args: &Args<'_>, text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(text).map_err(|error| args.fault(format!("no valid base64: {error}")))
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    // No time in the header, so that equal texts give equal results.
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// JSON as Terraform writes it: keys sorted, numbers without exponents, and
/// safe to stand in HTML.
pub(super) fn json_encode(value: &Value) -> Result<String, Fault> {
    let mut json = String::new();
    write_json(&mut json, value)?;
    Ok(json)
}

fn write_json(json: &mut String, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Number(number) => json.push_str(&number.to_string()),
        Value::String(text) => write_json_text(json, text)?,
        Value::List(elements) => {
            json.push('[');
            for (position, element) in elements.iter().enumerate() {
                json.push_str(if position > 0 { "," } else { "" });
                write_json(json, element)?;
            }
            json.push(']');
        }
        Value::Object(attributes) => {
            json.push('{');
            for (position, (name, attribute)) in attributes.iter().enumerate() {
                json.push_str(if position > 0 { "," } else { "" });
                write_json_text(json, name)?;
                json.push(':');
                write_json(json, attribute)?;
            }
            json.push('}');
        }
        other => json.push_str(
            &serde_json::to_string(other).map_err(|error| Fault::new(error.to_string()))?,
        ),
    }
    Ok(())
}

fn write_json_text(json: &mut String, text: &str) -> Result<(), Fault> {
    let plain = serde_json::to_string(text).map_err(|error| Fault::new(error.to_string()))?;
    for character in plain.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => json.push(other),
        }
    }
    Ok(())
}

fn csv_decode(args: &Args<'_>) -> Outcome {
    let text = args.text(0)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let fault = |error: csv::Error| args.fault(format!("no valid CSV: {error}"));
    let headers = reader.headers().map_err(fault)?.clone();
    let mut names: Vec<&str> = headers.iter().collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(args.fault(format!("two columns are called `{}`", twice[0])));
    }
    let rows = reader.records().map(|row| {
        let row = row.map_err(fault)?;
        Ok(Value::object(headers.iter().zip(row.iter().map(Value::from))))
    });
    Ok(Value::from(rows.collect::<Result<Vec<Value>, Fault>>()?))
}

/// The order of the bytes of a 16-bit unit.
#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    fn bytes(self, unit: u16) -> [u8; 2] {
        match self {
            ByteOrder::Little => unit.to_le_bytes(),
            ByteOrder::Big => unit.to_be_bytes(),
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// The byte order of the encoding asked for; none for UTF-8.
fn wide(args: &Args<'_>) -> Result<Option<ByteOrder>, Fault> {
    match &*args.text(1)?.to_ascii_uppercase() {
        "UTF-8" => Ok(None),
        "UTF-16LE" => Ok(Some(ByteOrder::Little)),
        "UTF-16BE" => Ok(Some(ByteOrder::Big)),
        other => Err(args.fault(format!("`{other}` is none of UTF-8, UTF-16LE and UTF-16BE"))),
    }
}

fn units(bytes: &[u8], order: ByteOrder) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| order.unit([pair[0], pair[1]])).collect()
}
