//! A pipeline while it runs: on a terminal one line a stage that moves; elsewhere a line for each
//! change, and each job's log in one piece when it has ended.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_delivery::record::{Job, Outcome, Pipeline, Run, Standing};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;
use crate::palette::Tone;
use crate::view::notice::Notice;
use crate::view::pipeline::{JobChanged, word};
use crate::view::stage::{Phase, verdict};
use crate::view::words::elapsed;

/// How often the times of running jobs are drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// How many of a failed job's last lines are shown on a terminal; its log has all.
const TAIL: usize = 12;

/// Shows a pipeline.
pub(crate) struct Board {
    console: Arc<Console>,
    lines: Option<Lines>,
    /// What was last shown of each job.
    shown: Mutex<Vec<Standing>>,
    names: Vec<String>,
}

/// The moving lines of a terminal.
struct Lines {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Board {
    /// A board for the jobs of a record.
    pub(crate) fn new(console: Arc<Console>, record: &Pipeline) -> Arc<Board> {
        let names: Vec<String> = record.jobs.iter().map(|it| it.name.clone()).collect();
        let lines = console.is_live().then(|| Lines::new(&names));
        let shown = Mutex::new(vec![Standing::Waiting; names.len()]);
        let board = Board { console, lines, shown, names };
        if let Some(lines) = &board.lines {
            lines.bars.iter().for_each(|bar| bar.set_message("waiting"));
        }
        Arc::new(board)
    }

    /// Says something.
    pub(crate) fn say(&self, text: &str) {
        match &self.lines {
            // A terminal that takes no text has nobody to tell.
            Some(lines) => drop(lines.all.println(text)),
            None => self.console.tell(&Notice(text.to_owned())),
        }
    }

    /// A job starts.
    pub(crate) fn begin(&self, at: usize) {
        if let Some(lines) = &self.lines {
            let bar = &lines.bars[at];
            bar.set_style(style("{prefix} {elapsed:>4}  {wide_msg}"));
            bar.reset_elapsed();
            bar.enable_steady_tick(TICK);
            bar.set_message("starting");
        }
    }

    /// A job has come to another phase.
    pub(crate) fn phase(&self, at: usize, phase: Phase, text: &str) {
        match &self.lines {
            Some(lines) => lines.bars[at].set_message(text.to_owned()),
            None => self.console.tell(&JobChanged {
                name: self.names[at].clone(),
                standing: Standing::Running,
                phase: Some(phase),
                reason: Some(text.to_owned()),
            }),
        }
    }

    /// A job has ended; its output is in `log`.
    pub(crate) fn end(&self, at: usize, run: &Run, log: &Path) {
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let passed = run.outcome == Outcome::Passed;
        let took = elapsed(run.ended.duration_since(run.started).unsigned_abs());
        let text = format!("{} in {took}", verdict(run.outcome).to_lowercase());
        match &self.lines {
            Some(lines) => {
                let tone = if passed { Tone::Good } else { Tone::Bad };
                if !passed {
                    let tail: Vec<&str> = log.lines().rev().take(TAIL).collect();
                    for line in tail.into_iter().rev() {
                        self.say(&format!("{}: {line}", self.names[at]));
                    }
                }
                let bar = &lines.bars[at];
                bar.disable_steady_tick();
                bar.set_style(style("{prefix}       {wide_msg}"));
                bar.finish_with_message(self.console.palette().paint(tone, text));
            }
            None if self.console.is_json() => {}
            None => self.console.eprint(&grouped(&self.names[at], &text, &log)),
        }
    }

    /// Shows which jobs will not be run any more.
    pub(crate) fn changed(&self, record: &Pipeline) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, job) in record.jobs.iter().enumerate() {
            if std::mem::replace(&mut shown[at], job.standing) != job.standing {
                self.show(at, job);
            }
        }
    }

    fn show(&self, at: usize, job: &Job) {
        let Some(lines) = &self.lines else { return self.console.tell(&JobChanged::of(job)) };
        if matches!(job.standing, Standing::Skipped | Standing::Reused) {
            let reason = job.reason.as_deref().unwrap_or_default();
            let text = format!("{}: {reason}", word(job.standing));
            lines.bars[at].finish_with_message(self.console.palette().paint(Tone::Faint, text));
        }
    }

    /// Nothing moves any more.
    pub(crate) fn close(&self) {
        for bar in self.lines.iter().flat_map(|lines| &lines.bars).filter(|it| !it.is_finished()) {
            bar.abandon();
        }
    }
}

impl Lines {
    fn new(names: &[String]) -> Lines {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let bar = |name: &String| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(style("{prefix}       {wide_msg}"));
            bar.set_prefix(format!("{name:width$}"));
            bar
        };
        Lines { bars: names.iter().map(bar).collect(), all }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is well-formed")
}

/// A job's log in one piece, as the build server at hand folds it.
fn grouped(name: &str, verdict: &str, log: &str) -> String {
    let end = if log.is_empty() || log.ends_with('\n') { "" } else { "\n" };
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("GITHUB_ACTIONS") {
        return format!("::group::{name}: {verdict}\n{log}{end}::endgroup::\n");
    }
    if is_set("GITLAB_CI") {
        let now = jiff::Timestamp::now().as_second();
        let section: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        return format!(
            "\u{1b}[0Ksection_start:{now}:{section}[collapsed=true]\r\u{1b}[0K{name}: {verdict}\n\
             {log}{end}\u{1b}[0Ksection_end:{now}:{section}\r\u{1b}[0K\n"
        );
    }
    format!("---- {name}: {verdict}\n{log}{end}---- end of {name}\n")
}
