//! A port: who connects, and who gets the next request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::choice::Turns;
use super::config::FixedResponse;
use super::counters::Counters;
use super::forward::respond;
use super::group::Group;
use super::mirror::Mirror;
use super::target::Target;

/// A port that takes requests.
pub(crate) struct Listener {
    pub(crate) port: u16,
    pub(crate) counters: Arc<Counters>,
    rule: Mutex<Rule>,
    idle_timeout_ms: AtomicU64,
    closing: watch::Sender<bool>,
    /// Held by whatever still serves somebody; the last one to go ends the process's wait.
    pub(crate) busy: mpsc::Sender<Infallible>,
}

/// Who gets the requests of a listener.
pub(crate) enum Rule {
    /// The balancer answers by itself.
    Fixed(FixedResponse),
    /// Groups get them by weight.
    Forward(Forward),
}

/// Groups, their turns by weight, and who gets copies.
pub(crate) struct Forward {
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) turns: Turns,
    pub(crate) mirrors: Vec<Mirror>,
}

/// Who gets one request.
pub(crate) enum Decision {
    /// The balancer answers by itself.
    Fixed(FixedResponse),
    /// This target of this group.
    Target(Arc<Group>, Arc<Target>),
    /// No target is healthy and untried, but this one was never found so and may be by now.
    Perhaps(Arc<Target>),
    /// No target is healthy and untried; whose fault it is, if a group has a weight.
    Nobody(Option<Arc<Group>>),
}

impl Listener {
    /// Starts to serve on `socket`.
    pub(crate) fn open(
        port: u16,
        socket: TcpListener,
        (rule, idle_timeout_ms): (Rule, u64),
        counters: Arc<Counters>,
        busy: mpsc::Sender<Infallible>,
    ) -> Arc<Listener> {
        let listener = Arc::new(Listener {
            port,
            counters,
            rule: Mutex::new(rule),
            idle_timeout_ms: AtomicU64::new(idle_timeout_ms),
            closing: watch::Sender::new(false),
            busy,
        });
        tokio::spawn(accept(Arc::clone(&listener), socket));
        listener
    }

    /// Changes who gets the next request, without a pause.
    pub(crate) fn set_rule(&self, rule: Rule, idle_timeout_ms: u64) {
        self.idle_timeout_ms.store(idle_timeout_ms, Relaxed);
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = rule;
    }

    /// Takes no new connections and ends the present ones after what they are being served.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Decides who gets a request that `tried` did not serve.
    pub(crate) fn decide(&self, tried: &[Arc<Target>]) -> Decision {
        let mut rule = self.rule.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *rule {
            Rule::Fixed(response) => Decision::Fixed(response.clone()),
            Rule::Forward(forward) => forward.decide(tried),
        }
    }

    /// The groups that get a copy of a request that `chosen` is to serve.
    pub(crate) fn copied_to(&self, chosen: &Arc<Group>) -> Vec<Arc<Group>> {
        let mut rule = self.rule.lock().unwrap_or_else(PoisonError::into_inner);
        let Rule::Forward(Forward { mirrors, .. }) = &mut *rule else { return Vec::new() };
        let others = mirrors.iter_mut().filter(|mirror| !Arc::ptr_eq(&mirror.group, chosen));
        others.filter_map(Mirror::next).collect()
    }

    /// How long a target or an idle client may be silent.
    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms.load(Relaxed))
    }
}

impl Forward {
    fn decide(&mut self, tried: &[Arc<Target>]) -> Decision {
        let Forward { groups, turns, .. } = self;
        let mut offers: Vec<_> = groups.iter().map(|group| group.peek(tried)).collect();
        let Some(chosen) = turns.next(|index| offers[index].is_some()) else {
            return self.decide_without_offer(tried);
        };
        let target = offers.swap_remove(chosen).expect("only groups that offer are eligible");
        groups[chosen].advance(&target);
        Decision::Target(Arc::clone(&groups[chosen]), target)
    }

    fn decide_without_offer(&mut self, tried: &[Arc<Target>]) -> Decision {
        let Forward { groups, turns, .. } = self;
        let mut part = groups.iter().enumerate().filter(|(index, _)| turns.takes_part(*index));
        match part.find_map(|(_, group)| group.newcomer(tried)) {
            Some(target) => Decision::Perhaps(target),
            None => Decision::Nobody(turns.next(|_| true).map(|index| Arc::clone(&groups[index]))),
        }
    }
}

async fn accept(listener: Arc<Listener>, socket: TcpListener) {
    // What the system says when it is short of something; a rest lets others end first.
    const REST: Duration = Duration::from_millis(20);
    let mut closing = listener.closing.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::spawn(serve(Arc::clone(&listener), stream, peer));
            }
            Err(_) => sleep(REST).await,
        }
    }
}

async fn serve(listener: Arc<Listener>, stream: TcpStream, peer: SocketAddr) {
    let _open = listener.counters.connection();
    let _busy = listener.busy.clone();
    // Costs latency at worst.
    let _ = stream.set_nodelay(true);
    let mut closing = listener.closing.subscribe();
    let idle_timeout = listener.idle_timeout();
    let service = service_fn(move |request| {
        let listener = Arc::clone(&listener);
        async move { Ok::<_, Infallible>(respond(&listener, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let closed = async { closing.wait_for(|closing| *closing).await.is_ok() };
    // How a client's connection ends is the client's business.
    let _ = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closed => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}
