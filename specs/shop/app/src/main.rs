//! A small shop over HTTP: the service that `specs/shop` deploys.
//!
//! It stands for a user's own service and knows nothing of Greenroom: its settings are environment
//! variables, it answers on one port, and it leaves when it is sent SIGTERM.
//!
//! What it answers is decided by plain functions ([`shop`]); sockets and signals are in [`server`].

mod catalogue;
mod orders;
mod server;
mod settings;
mod shop;

use std::process::ExitCode;

use settings::Settings;
use shop::Shop;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shop-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_variables(|name| std::env::var(name).ok())?;
    let port = settings.port;
    server::serve(port, Shop::new(settings)).await?;
    Ok(())
}
