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
    /// Groups, and their turns by weight.
    Forward(Vec<Arc<Group>>, Turns),
}

/// Who gets one request.
pub(crate) enum Decision {
    /// The balancer answers by itself.
    Fixed(FixedResponse),
    /// This target of this group.
    Target(Arc<Group>, Arc<Target>),
    /// No target is healthy and untried, but this one was never found so and may be by now.
    Perhaps(Arc<Target>),
    /// No target is healthy and untried.
    Nobody,
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
        let (groups, turns) = match &mut *rule {
            Rule::Fixed(response) => return Decision::Fixed(response.clone()),
            Rule::Forward(groups, turns) => (groups, turns),
        };
        let mut offers: Vec<_> = groups.iter().map(|group| group.peek(tried)).collect();
        let Some(chosen) = turns.next(|index| offers[index].is_some()) else {
            let newcomer = groups.iter().find_map(|group| group.newcomer(tried));
            return newcomer.map_or(Decision::Nobody, Decision::Perhaps);
        };
        let target = offers.swap_remove(chosen).expect("only groups that offer are eligible");
        groups[chosen].advance(&target);
        Decision::Target(Arc::clone(&groups[chosen]), target)
    }

    /// How long a target or an idle client may be silent.
    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms.load(Relaxed))
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
