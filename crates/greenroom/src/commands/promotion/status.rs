//! `greenroom status`: who has the traffic, and how a promotion stands.

use std::time::{Duration, Instant};

use greenroom_apply::{Cancel, View, Workbench};
use greenroom_delivery::promotion::{Looks, Outlook, Resumed, open_promotion};
use greenroom_model::state::State;
use greenroom_store::StateName;
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::StatusArgs;
use crate::console::Console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::lines::Lines;
use crate::signals;
use crate::view::Message;
use crate::view::promotion::{Sight, StatusView};

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// How often those who watch without a terminal are told that nothing has happened.
const PULSE: Duration = Duration::from_secs(10);

pub(in crate::commands) async fn run(args: StatusArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let place = context.place(&project, &args.stage, None)?;
    let workbench = context.reader(&project).await?;
    let mut watch = Watch { stage: &args.stage, name: &place.state, workbench, looks: None };
    if !args.watch {
        context.console.data(&watch.look().await?);
        return Ok(Exit::Done);
    }
    watch.go_on(&context.console).await?;
    Ok(Exit::Done)
}

/// Looks at a stage, one after the other.
struct Watch<'a> {
    stage: &'a str,
    name: &'a StateName,
    workbench: Workbench,
    /// None before the first look.
    looks: Option<Looks>,
}

impl Watch<'_> {
    async fn look(&mut self) -> Result<StatusView, Failure> {
        let View { state, holder } = self.workbench.view(self.name).await?;
        let now = Timestamp::now().as_second();
        let rates = self.looks.is_some();
        let looks = self.looks.get_or_insert_default();
        let seen = match &state {
            Some(state) => looks.look(&self.workbench, state).await,
            None => Default::default(),
        };
        let outlook = state.as_ref().map(|it| outlook(it, now)).unwrap_or_default();
        let (stage, state, holder) = (self.stage, state.as_ref(), holder.as_ref());
        Ok(StatusView::of(Sight { stage, state, holder, outlook, seen, rates, now }))
    }

    /// Looks and shows until a signal comes.
    async fn go_on(&mut self, console: &Console) -> Result<(), Failure> {
        let cancel = Cancel::new();
        let first = cancel.clone();
        signals::watch(move || first.cancel(), || {}, Exit::Done).map_err(Failure::System)?;
        let mut screen = Screen::new(console);
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => {
                    screen.leave();
                    return Ok(());
                }
                _ = ticks.tick() => {}
            }
            match self.look().await {
                Ok(view) => screen.show(view),
                // What could be read once can be read again, or was never there.
                Err(failure) if screen.last.is_none() => return Err(failure),
                Err(failure) => screen.trouble(&failure),
            }
        }
    }
}

/// What the promotion that is open waits for; nothing if its plan cannot be read.
fn outlook(state: &State, now: i64) -> Outlook {
    let resumed = Resumed::of(state).ok().flatten();
    let open = open_promotion(state).zip(resumed);
    open.map(|(promotion, it)| Outlook::of(&it.plan, promotion, state.run.as_ref(), now))
        .unwrap_or_default()
}

/// Where looks are shown: drawn anew on a terminal, else in lines.
struct Screen<'a> {
    console: &'a Console,
    lines: Option<Lines>,
    last: Option<StatusView>,
    /// What was last told in a line, and when.
    told: Option<(String, Instant)>,
}

impl Screen<'_> {
    fn new(console: &Console) -> Screen<'_> {
        let lines = console.redraws().then(Lines::new);
        Screen { console, lines, last: None, told: None }
    }

    fn show(&mut self, view: StatusView) {
        match &mut self.lines {
            Some(lines) => {
                let text = view.text(self.console.palette());
                lines.draw(text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter());
            }
            None if self.console.is_json() => self.console.data(&view),
            None => self.tell(&view),
        }
        self.last = Some(view);
    }

    fn tell(&mut self, view: &StatusView) {
        let course = view.course();
        let is_news =
            self.told.as_ref().is_none_or(|(told, at)| *told != course || at.elapsed() >= PULSE);
        if is_news {
            self.console.print(&view.line());
            self.told = Some((course, Instant::now()));
        }
    }

    fn trouble(&mut self, failure: &Failure) {
        match &mut self.lines {
            Some(lines) => lines.draw(std::iter::once(format!("cannot look: {failure}"))),
            None => {
                self.console.tell(&crate::view::notice::Notice(format!("cannot look: {failure}")))
            }
        }
    }

    /// Leaves what was seen last on the screen.
    fn leave(mut self) {
        if let (Some(mut lines), Some(last)) = (self.lines.take(), &self.last) {
            lines.clear();
            self.console.data(last);
        }
    }
}
