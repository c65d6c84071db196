//! The end of a log file, for error messages.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log a message shows at most.
const LINES: usize = 10;
const BYTES: u64 = 4096;

/// The last lines of the log at `path`; empty if there is nothing to read.
pub(crate) fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&bytes))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The log's end as the tail of a message.
pub(crate) fn quoted(path: &Path) -> String {
    match tail(path) {
        tail if tail.is_empty() => format!("; it wrote nothing to `{}`", path.display()),
        tail => format!("; the end of `{}`:\n{tail}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_lines_remain() {
        let text: String = (1..=30).map(|n| format!("line {n}\n")).collect();
        let tail = last_lines(&text);
        assert_eq!(tail.lines().count(), 10);
        assert!(tail.starts_with("line 21") && tail.ends_with("line 30"), "{tail}");
    }

    #[test]
    fn a_missing_log_is_empty() {
        assert_eq!(tail(Path::new("/does/not/exist")), "");
    }
}
