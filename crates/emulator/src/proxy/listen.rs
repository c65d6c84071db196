//! Accepting connections on loopback.

use std::net::TcpListener as StdListener;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::connection;
use crate::world::World;

/// Serves every connection until the runtime ends.
pub(crate) async fn listen(listener: StdListener, world: Arc<World>) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    loop {
        // A connection that was lost before it was accepted is no concern of ours.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection::serve(stream, world.clone()));
        }
    }
}
