//! Where messages go: data to standard output, all else to standard error, or everything as JSON
//! to standard output.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::exit::Exit;
use crate::palette::Palette;
use crate::view::{Message, json_line};

/// The two streams of the process, and how messages look on them.
pub(crate) struct Console {
    json: bool,
    out: Mutex<Stream>,
    err: Mutex<Stream>,
    out_palette: Palette,
    err_palette: Palette,
    live: bool,
    redraws: bool,
}

/// A stream that may have lost its reader.
struct Stream {
    writer: Box<dyn Write + Send>,
    /// Its reader is gone: that is no error, and nothing more is written.
    closed: bool,
    /// The first other failure.
    failed: Option<io::Error>,
}

impl Console {
    /// The process's own streams.
    pub(crate) fn of_process(json: bool, no_color: bool) -> Console {
        let (out, err) = (io::stdout(), io::stderr());
        let unicode = understands_unicode();
        let palette = |terminal: bool| Palette::new(terminal && !no_color && may_colour(), unicode);
        let live = err.is_terminal() && !is_dumb() && !json;
        Console {
            json,
            out_palette: palette(out.is_terminal()),
            err_palette: palette(err.is_terminal()),
            live,
            redraws: live && out.is_terminal(),
            out: Mutex::new(Stream::new(out)),
            err: Mutex::new(Stream::new(err)),
        }
    }

    /// A log: both streams go to one file, as text without colour.
    pub(crate) fn of_log(log: &File) -> io::Result<Console> {
        Ok(Console::of_writers(false, log.try_clone()?, log.try_clone()?))
    }

    /// Writers in place of the streams, without colour.
    pub(crate) fn of_writers(
        json: bool,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> Console {
        Console {
            json,
            out: Mutex::new(Stream::new(out)),
            err: Mutex::new(Stream::new(err)),
            out_palette: Palette::PLAIN,
            err_palette: Palette::PLAIN,
            live: false,
            redraws: false,
        }
    }

    /// Whether messages are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress may move on the screen.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether data may be shown on the screen and taken away again.
    pub(crate) fn redraws(&self) -> bool {
        self.redraws
    }

    /// The colours of standard error.
    pub(crate) fn palette(&self) -> Palette {
        self.err_palette
    }

    /// Shows what the command was asked for.
    pub(crate) fn data(&self, message: &dyn Message) {
        if self.json {
            self.emit(message);
        } else {
            self.print(&message.text(self.out_palette));
        }
    }

    /// Shows what is worth knowing beside the data.
    pub(crate) fn tell(&self, message: &dyn Message) {
        if self.json {
            self.emit(message);
        } else {
            self.eprint(&message.text(self.err_palette));
        }
    }

    /// Writes text to standard output as it is.
    pub(crate) fn print(&self, text: &str) {
        lock(&self.out).write(text);
    }

    /// Writes text to standard error as it is.
    pub(crate) fn eprint(&self, text: &str) {
        lock(&self.err).write(text);
    }

    /// The exit code after all: data that could not be written is an error.
    pub(crate) fn finish(&self, exit: Exit) -> Exit {
        let failed = lock(&self.out).failed.take();
        match failed {
            Some(error) => {
                self.eprint(&format!(
                    "error: cannot write to standard output\n  because: {error}\n"
                ));
                if exit == Exit::Done { Exit::Error } else { exit }
            }
            None => exit,
        }
    }

    fn emit(&self, message: &dyn Message) {
        self.print(&json_line(message, &Timestamp::now().to_string()));
    }
}

impl Stream {
    fn new(writer: impl Write + Send + 'static) -> Stream {
        Stream { writer: Box::new(writer), closed: false, failed: None }
    }

    fn write(&mut self, text: &str) {
        if self.closed || self.failed.is_some() || text.is_empty() {
            return;
        }
        match self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.failed = Some(error),
        }
    }
}

/// Text is whole even if a thread died while it wrote some.
fn lock(stream: &Mutex<Stream>) -> std::sync::MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the environment leaves colour on: <https://no-color.org>.
fn may_colour() -> bool {
    !is_set("NO_COLOR") && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether the locale is one of UTF-8, in the order in which POSIX looks.
fn understands_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::view::notice::Notice;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    fn notice() -> Notice {
        Notice("hello".to_owned())
    }

    #[test]
    fn data_and_remarks_go_their_own_ways() {
        let (out, err) = (Page::default(), Page::default());
        let console = Console::of_writers(false, out.clone(), err.clone());
        console.data(&notice());
        console.tell(&Notice("beside".to_owned()));
        assert_eq!((out.text().as_str(), err.text().as_str()), ("hello\n", "beside\n"));
    }

    #[test]
    fn as_json_everything_is_in_one_stream() {
        let (out, err) = (Page::default(), Page::default());
        let console = Console::of_writers(true, out.clone(), err.clone());
        console.data(&notice());
        console.tell(&notice());
        assert_eq!(err.text(), "");
        for line in out.text().lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&event["v"], &event["type"]), (&1.into(), &"notice".into()));
            event["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
        }
        assert_eq!(out.text().lines().count(), 2);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        let console = Console::of_writers(false, Broken(ErrorKind::BrokenPipe), Page::default());
        console.data(&notice());
        assert_eq!(console.finish(Exit::Done), Exit::Done);
        let err = Page::default();
        let console = Console::of_writers(false, Broken(ErrorKind::StorageFull), err.clone());
        console.data(&notice());
        assert_eq!(console.finish(Exit::Done), Exit::Error);
        assert!(err.text().starts_with("error: cannot write to standard output\n"));
    }
}
