//! Progress: what a run does, while it does it.
//!
//! Events come over a channel to a thread of its own, so that whoever reports one never waits. A
//! [`Tracker`] turns them into lines; they are printed (plain), stand above moving bars (live), or
//! the events themselves are printed (JSON).

pub(crate) mod board;
mod line;
pub(crate) mod lines;
mod live;
mod screen;
mod tracker;
mod transfer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use greenroom_apply::{Event, Observer};

use crate::console::Console;
use crate::view::event::{Activity, EventView};
use crate::view::notice::Notice;
pub(crate) use line::Group;
use line::{Line, LineKind};
use live::Live;
pub(crate) use screen::Screen;
use tracker::Tracker;
pub(crate) use transfer::Transfer;

/// How often the display is looked at.
const TICK: Duration = Duration::from_millis(100);

/// The display of a command's progress.
pub(crate) struct Progress {
    feed: Sender<Feed>,
    thread: Option<JoinHandle<()>>,
}

/// What the display is told.
enum Feed {
    Event(Event),
    /// The command is busy with this from here on.
    Busy(String),
    /// How many operations of which kind will come.
    Totals(BTreeMap<Group, usize>),
    /// Somebody has something to say.
    Say(String),
    /// Nothing is shown from here on, until something happens; the answer comes when that is so.
    Quiet(SyncSender<()>),
}

impl Progress {
    /// Starts a display that shows nothing yet.
    pub(crate) fn start(console: Arc<Console>) -> Progress {
        let (feed, receive) = mpsc::channel();
        let thread = thread::spawn(move || Display::new(console).run(&receive));
        Progress { feed, thread: Some(thread) }
    }

    /// An observer that feeds the display.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(Watching(self.feed.clone()))
    }

    /// Says what the command is busy with.
    pub(crate) fn busy(&self, with: impl Into<String>) {
        self.send(Feed::Busy(with.into()));
    }

    /// Says what is to come.
    pub(crate) fn expect(&self, totals: BTreeMap<Group, usize>) {
        self.send(Feed::Totals(totals));
    }

    /// A voice that can speak from anywhere while the display moves.
    pub(crate) fn voice(&self) -> Voice {
        Voice(self.feed.clone())
    }

    /// Waits until everything so far is shown and nothing moves, so that others may write.
    pub(crate) fn quiet(&self) {
        let (send, receive) = mpsc::sync_channel(1);
        self.send(Feed::Quiet(send));
        // An error means that the display has ended, and so is quiet.
        let _ = receive.recv();
    }

    fn send(&self, feed: Feed) {
        // The display ends only after this handle is dropped, or by a panic of its own.
        let _ = self.feed.send(feed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.quiet();
        // Observers may live on, so that the channel may never close; a quiet display needs no end.
        drop(self.thread.take());
    }
}

/// Says something while the display moves.
#[derive(Clone)]
pub(crate) struct Voice(Sender<Feed>);

impl Voice {
    /// Says it, as a line of its own.
    pub(crate) fn say(&self, text: String) {
        // A display that is gone has nobody left to show it to.
        let _ = self.0.send(Feed::Say(text));
    }
}

struct Watching(Sender<Feed>);

impl Observer for Watching {
    fn observe(&self, event: &Event) {
        // A display that is gone has nobody left to show it to.
        let _ = self.0.send(Feed::Event(event.clone()));
    }
}

/// The thread's own.
struct Display {
    console: Arc<Console>,
    tracker: Tracker,
    live: Option<Live>,
    started: Instant,
}

impl Display {
    fn new(console: Arc<Console>) -> Display {
        let live = console.is_live().then(|| Live::new(console.palette()));
        Display { console, tracker: Tracker::default(), live, started: Instant::now() }
    }

    fn run(mut self, feed: &Receiver<Feed>) {
        let mut ticked = Instant::now();
        loop {
            match feed.recv_timeout(TICK) {
                Ok(fed) => self.take(fed),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.rest(),
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.tick();
            }
        }
    }

    fn take(&mut self, fed: Feed) {
        let now = self.started.elapsed();
        match fed {
            Feed::Event(event) => {
                if self.console.is_json() {
                    self.console.tell(&EventView(&event));
                }
                let lines = self.tracker.observe(&event, now);
                self.show(lines);
            }
            Feed::Busy(with) => {
                if self.console.is_json() {
                    self.console.tell(&Activity(with.clone()));
                }
                self.tracker.busy(with, now);
            }
            Feed::Say(text) if self.console.is_json() => self.console.tell(&Notice(text)),
            Feed::Say(text) => self.show(vec![Line { kind: LineKind::Trouble, text }]),
            Feed::Totals(totals) => self.tracker.expect(totals),
            Feed::Quiet(done) => {
                self.rest();
                // Nobody waits if the command is being dropped.
                let _ = done.send(());
            }
        }
    }

    fn tick(&mut self) {
        let now = self.started.elapsed();
        if let Some(live) = &mut self.live {
            live.draw(&self.tracker, now);
            return;
        }
        let (lines, heartbeat) = self.tracker.tick(now);
        if self.console.is_json() {
            if let Some(heartbeat) = heartbeat {
                self.console.tell(&heartbeat);
            }
        } else {
            self.show(lines);
        }
    }

    fn rest(&mut self) {
        let lines = self.tracker.rest(self.started.elapsed());
        self.show(lines);
        if let Some(live) = &mut self.live {
            live.clear();
        }
    }

    fn show(&mut self, lines: Vec<Line>) {
        if self.console.is_json() || lines.is_empty() {
            return;
        }
        let palette = self.console.palette();
        let render = |line: &Line| palette.paint(line.kind.tone(), &line.text);
        match &mut self.live {
            // What begins is seen in the bars.
            Some(live) => lines
                .iter()
                .filter(|line| !matches!(line.kind, LineKind::Begin | LineKind::Pulse))
                .for_each(|line| live.print(&render(line))),
            None => {
                let text: Vec<String> = lines.iter().map(|line| render(line) + "\n").collect();
                self.console.eprint(&text.concat());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use super::*;

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

    fn shown(json: bool) -> String {
        let page = Page::default();
        let console = Arc::new(Console::of_writers(json, page.clone(), page.clone()));
        let progress = Progress::start(console);
        let observer = progress.observer();
        observer.observe(&Event::Settling { intents: 2 });
        progress.quiet();
        let text = page.0.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn quiet_returns_when_everything_is_shown() {
        assert_eq!(
            shown(false),
            "2 effects of an interrupted run are open; looking what became of them\n"
        );
    }

    #[test]
    fn json_shows_the_event_itself() {
        let text = shown(true);
        assert!(text.starts_with(r#"{"v":1,"type":"settling","at":""#), "{text}");
        assert!(text.ends_with("\"intents\":2}\n"), "{text}");
    }
}
