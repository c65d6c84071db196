//! What happens to a call, from its arrival to the verdict.

use http::StatusCode;
use tokio::time::{Instant, sleep};
use xmltree::Element;

use crate::call::Call;
use crate::faults::Fault;
use crate::log::Outcome;
use crate::paging::{self, Pages};
use crate::reply::{Failure, Reply};
use crate::tag_lists;
use crate::tenant::Tenant;
use crate::world::World;

/// What the client gets.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The answer.
    Answer(Reply),
    /// The head of the answer and half of its body.
    Truncated(Reply),
    /// The end of the connection.
    Reset,
}

/// Serves a call, with what goes wrong on the way, and records it.
pub(super) async fn serve(world: &World, mut call: Call) -> Verdict {
    call.account = world.account(&call.access_key);
    let tenant = world.tenant(&call.account);
    let seq = world.log.begin(&call);
    let (verdict, outcome) = match tenant.faults.next(&call) {
        None => answered(answer(world, &tenant, &call).await),
        Some(fault) => struck(world, &tenant, &call, fault).await,
    };
    world.log.end(seq, outcome);
    verdict
}

async fn struck(world: &World, tenant: &Tenant, call: &Call, fault: Fault) -> (Verdict, Outcome) {
    let refused = |failure: Failure| answered(failure.reply(call.protocol));
    match fault {
        Fault::Throttle => refused(Failure::throttled(&call.service)),
        Fault::ServerError => refused(Failure::internal()),
        Fault::Refuse { code, message, status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            refused(Failure::new(status, &code, message))
        }
        Fault::ResetBefore => (Verdict::Reset, Outcome::Lost { effect: None }),
        Fault::KillBefore(victim) => {
            victim.kill().await;
            (Verdict::Reset, Outcome::Lost { effect: None })
        }
        Fault::Delay(duration) => {
            sleep(duration).await;
            answered(answer(world, tenant, call).await)
        }
        after => spoilt(after, answer(world, tenant, call).await, call).await,
    }
}

/// What the client hears of a call that was carried out.
async fn spoilt(fault: Fault, reply: Reply, call: &Call) -> (Verdict, Outcome) {
    let lost = Outcome::Lost { effect: Some(reply.status.as_u16()) };
    match fault {
        Fault::StallAfter(duration) => {
            sleep(duration).await;
            answered(reply)
        }
        Fault::TruncateAfter => (Verdict::Truncated(reply), lost),
        Fault::ErrorAfter => (Verdict::Answer(Failure::internal().reply(call.protocol)), lost),
        Fault::KillAfter(victim) => {
            victim.kill().await;
            (Verdict::Reset, lost)
        }
        _ => (Verdict::Reset, lost),
    }
}

fn answered(reply: Reply) -> (Verdict, Outcome) {
    let outcome = Outcome::answered(&reply);
    (Verdict::Answer(reply), outcome)
}

/// What AWS would answer.
async fn answer(world: &World, tenant: &Tenant, call: &Call) -> Reply {
    let answer = match tenant.buckets.pay(call, Instant::now()) {
        Ok(()) => tenant.tokens.once(call, carry_out(world, tenant, call)).await,
        Err(throttled) => Err(throttled),
    };
    answer.unwrap_or_else(|failure| failure.reply(call.protocol))
}

async fn carry_out(world: &World, tenant: &Tenant, call: &Call) -> Result<Reply, Failure> {
    let mut asked = call.clone();
    tenant.shape.ask(&mut asked);
    let reply = match tenant.pages.later(&asked)? {
        Some(page) => Ok(page),
        None => execute(world, tenant, call, &asked).await,
    };
    reply.map(|reply| tenant.shape.write(call, reply))
}

/// Has a call executed that is no later page: `call` as the client said it, `asked` as the server
/// understands it.
async fn execute(
    world: &World,
    tenant: &Tenant,
    call: &Call,
    asked: &Call,
) -> Result<Reply, Failure> {
    let pace = tenant.pace();
    tenant.consistency.check(asked)?;
    tenant.states.check(asked)?;
    tenant.dependencies.check(&world.backend, asked, pace.lingering).await?;
    let mut sent = asked.clone();
    tenant.tokens.resolve_filter(&mut sent);
    tenant.machines.pass(&world.backend, &sent).await?;
    Pages::whole(&mut sent);
    let mut reply = match tag_lists::answer(&world.backend, &sent).await {
        Some(reply) => reply,
        None => tenant.names.once(&world.backend, &sent).await?,
    };
    if reply.status.is_success() {
        world.learn(asked, &reply);
        tenant.targets.learn(asked, pace.settling);
        if let Some(mut document) = reply.document() {
            paging::gather(&world.backend, &sent, &mut document).await;
            tenant.shape.tell(&world.backend, call, &mut document).await?;
            tenant.machines.learn(asked, &document);
            tenant.machines.tell(asked, &mut document);
            show(world, tenant, asked, &mut document).await?;
            reply.set_document(&document);
        }
    }
    Ok(reply)
}

/// Learns from what the server told, and tells it as AWS does.
async fn show(
    world: &World,
    tenant: &Tenant,
    asked: &Call,
    document: &mut Element,
) -> Result<(), Failure> {
    let pace = tenant.pace();
    tenant.consistency.learn(asked, document, pace.unseen);
    tenant.states.learn(asked, document, pace);
    tenant.consistency.hide(asked, document);
    tenant.states.show(asked, document);
    tenant.targets.show(&world.backend, asked, document).await?;
    tenant.pages.cut(asked, document)
}
