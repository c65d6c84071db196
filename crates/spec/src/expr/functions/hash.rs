//! Digests.

use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::encoding::encode_base64;
use super::file::content;
use super::{Args, Function, Outcome, files, whole};

pub(super) static TABLE: &[Function] = &[
    whole("base64sha256", "string", "The SHA-256 digest of the string, as base64.", |args| {
        Ok(encode_base64(&Sha256::digest(args.text(0)?.as_bytes())).into())
    }),
    whole("base64sha512", "string", "The SHA-512 digest of the string, as base64.", |args| {
        Ok(encode_base64(&Sha512::digest(args.text(0)?.as_bytes())).into())
    }),
    files("filebase64sha256", "path", "The SHA-256 digest of a file, as base64.", |args, scope| {
        Ok(encode_base64(&Sha256::digest(content(args, scope)?)).into())
    }),
    files("filebase64sha512", "path", "The SHA-512 digest of a file, as base64.", |args, scope| {
        Ok(encode_base64(&Sha512::digest(content(args, scope)?)).into())
    }),
    files("filemd5", "path", "The MD5 digest of a file, in hexadecimal.", |args, scope| {
        Ok(hex(&Md5::digest(content(args, scope)?)).into())
    }),
    files("filesha1", "path", "The SHA-1 digest of a file, in hexadecimal.", |args, scope| {
        Ok(hex(&Sha1::digest(content(args, scope)?)).into())
    }),
    files("filesha256", "path", "The SHA-256 digest of a file, in hexadecimal.", |args, scope| {
        Ok(hex(&Sha256::digest(content(args, scope)?)).into())
    }),
    files("filesha512", "path", "The SHA-512 digest of a file, in hexadecimal.", |args, scope| {
        Ok(hex(&Sha512::digest(content(args, scope)?)).into())
    }),
    whole("md5", "string", "The MD5 digest of the string, in hexadecimal.", |args| {
        Ok(hex(&Md5::digest(args.text(0)?.as_bytes())).into())
    }),
    whole("sha1", "string", "The SHA-1 digest of the string, in hexadecimal.", |args| {
        Ok(hex(&Sha1::digest(args.text(0)?.as_bytes())).into())
    }),
    whole("sha256", "string", "The SHA-256 digest of the string, in hexadecimal.", |args| {
        Ok(hex(&Sha256::digest(args.text(0)?.as_bytes())).into())
    }),
    whole("sha512", "string", "The SHA-512 digest of the string, in hexadecimal.", |args| {
        Ok(hex(&Sha512::digest(args.text(0)?.as_bytes())).into())
    }),
    whole(
        "uuidv5",
        "namespace, name",
        "The UUID of a name in a namespace: dns, url, oid, x500 or a UUID.",
        uuid_v5,
    ),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string never fails");
        text
    })
}

fn uuid_v5(args: &Args<'_>) -> Outcome {
    let namespace = args.text(0)?;
    let known = |tail: u8| {
        Some(
            u128::from(0x6ba7_b810_9dad_11d1_u64 + (u64::from(tail) << 32)) << 64
                | 0x80b4_00c0_4fd4_30c8,
        )
    };
    let namespace = match &*namespace {
        "dns" => known(0),
        "url" => known(1),
        "oid" => known(2),
        "x500" => known(4),
        other => parse_uuid(other),
    };
    let namespace = namespace
        .ok_or_else(|| args.fault("the namespace is none of dns, url, oid, x500, and no UUID"))?;
    let digest = Sha1::new_with_prefix(namespace.to_be_bytes())
        .chain_update(args.text(1)?.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    Ok([&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-").into())
}

fn parse_uuid(text: &str) -> Option<u128> {
    let lengths = text.split('-').map(str::len);
    let is_uuid = lengths.eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    u128::from_str_radix(&text.replace('-', ""), 16).ok().filter(|_| is_uuid)
}
