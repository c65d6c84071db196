//! Starts an AWS on loopback and keeps it until it is interrupted, to try a spec by hand.

use std::error::Error;

use clap::Parser;
use greenroom_emulator::{Cloud, Pace, Weather};

/// Start an AWS on loopback and keep it until interrupted
#[derive(Debug, Parser)]
struct Arguments {
    /// Let everything go wrong now and then, as this seed decides
    #[arg(long, value_name = "SEED")]
    weather: Option<u64>,
    /// Show what takes time on its way, for so many looks
    #[arg(long, value_name = "LOOKS", default_value_t = 0)]
    pace: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let cloud = Cloud::start()?;
    let account = cloud.account();
    let looks = arguments.pace;
    let pace = Pace { unseen: looks, settling: looks, lingering: looks, vanishing: None };
    account.set_pace(pace);
    if let Some(seed) = arguments.weather {
        account.set_weather(Weather::stormy(seed));
    }
    println!(
        "export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\n\
         export AWS_SECRET_ACCESS_KEY=any AWS_REGION=eu-central-1",
        account.endpoint(),
        account.id(),
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}
