//! Files, as far as the scope hands them in, and their paths.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::GlobBuilder;
use greenroom_model::value::Value;

use super::encoding::encode_base64;
use super::{Args, Function, Outcome, files, whole};
use crate::expr::Scope;
use crate::expr::convert::Fault;

pub(super) static TABLE: &[Function] = &[
    whole("basename", "path", "The last part of the path.", |args| {
        let path = args.text(0)?;
        if path.is_empty() {
            return Ok(".".into());
        }
        let path = path.trim_end_matches('/');
        Ok(if path.is_empty() {
            "/".into()
        } else {
            path.rsplit('/').next().unwrap_or_default().into()
        })
    }),
    whole("dirname", "path", "The path without its last part.", |args| {
        let path = args.text(0)?;
        Ok(match path.rsplit_once('/') {
            None => ".".into(),
            Some((directory, _)) => clean(directory, path.starts_with('/')).into(),
        })
    }),
    files("file", "path", "The text of a file.", |args, scope| {
        Ok(text_of(scope, &args.text(0)?)?.into())
    }),
    files("filebase64", "path", "The content of a file, as base64.", |args, scope| {
        Ok(encode_base64(&content(args, scope)?).into())
    }),
    files("fileexists", "path", "Whether there is such a file.", |args, scope| {
        let path = clean(&args.text(0)?, false);
        Ok(scope.files()?.iter().any(|file| **file == *path).into())
    }),
    files(
        "fileset",
        "folder, pattern",
        "The paths, inside the folder, of the files that match a pattern such as `**/*.sh`.",
        file_set,
    ),
];

/// The content of the file whose path is the first argument.
pub(super) fn content(args: &Args<'_>, scope: &dyn Scope) -> Result<Arc<[u8]>, Fault> {
    Ok(scope.file(&args.text(0)?)?)
}

/// The text of the file at `path`.
pub(in crate::expr) fn text_of(scope: &dyn Scope, path: &str) -> Result<String, Fault> {
    let bytes = scope.file(path)?;
    let text = std::str::from_utf8(&bytes).map(str::to_owned);
    text.map_err(|_| Fault::new(format!("`{path}` is no UTF-8 text; `filebase64` reads any file")))
}

fn file_set(args: &Args<'_>, scope: &dyn Scope) -> Outcome {
    let (folder, pattern) = (clean(&args.text(0)?, false), args.text(1)?);
    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| {
        args.fault(format!("`{pattern}` is no valid pattern: {}", error.kind()))
    })?;
    let matcher = glob.compile_matcher();
    let mut found = BTreeSet::new();
    for file in scope.files()? {
        let inside = match &*folder {
            "." => Some(&*file),
            folder => file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
        };
        found.extend(inside.filter(|path| matcher.is_match(path)).map(str::to_owned));
    }
    Ok(Value::list(found))
}

/// The path without `.`, empty parts, and `..` where that has something to leave.
fn clean(path: &str, absolute: bool) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if absolute => {}
            other => parts.push(other),
        }
    }
    match (absolute, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}
