//! The runtime's entry point as a program of its own, and what else this crate's tests need in
//! processes of their own: a server to run as an instance, and a command to kill.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use greenroom_local::runtime::instance::{self, InstanceSpec};
use greenroom_local::runtime::{Image, Kind, Launcher, Owner, Probe, Readiness, Root, Uid};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let rest = || args.iter().skip(1).cloned();
    match args.first().and_then(|name| name.to_str()) {
        // Called as the `greenroom` binary is: with the hidden subcommand first.
        Some("local-runtime") => greenroom_local::runtime::main(rest()),
        Some("test-server") => block_on(serve()),
        Some("test-create") => block_on(create(rest().collect())),
        Some("test-delete") => block_on(delete(rest().collect())),
        _ => ExitCode::from(2),
    }
}

fn block_on(work: impl Future<Output = Result<(), Box<dyn std::error::Error>>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A command that makes an instance: `ROOT UID IMAGE LAUNCHER`.
async fn create(args: Vec<OsString>) -> Result<(), Box<dyn std::error::Error>> {
    let [root, uid, image, launcher] = args.as_slice() else { return Err("four arguments".into()) };
    let uid = Uid::new(uid.to_string_lossy()).ok_or("no uid")?;
    let owner = Owner {
        project: "test".into(),
        stage: "test".into(),
        scope: "front".into(),
        lineage: "lineage".into(),
        uid,
        kind: Kind::Ephemeral,
        expires: None,
        r#type: "local_instance".into(),
        address: "front/local_instance.web".into(),
    };
    let spec = InstanceSpec {
        image: Image::Folder(image.into()),
        command: vec!["server".into(), "test-server".into()],
        environment: [("NAME".to_owned(), "a".to_owned())].into(),
        port: None,
        readiness: Readiness { probe: Probe::Http("/health".into()), timeout_ms: 20_000 },
        stop_timeout_ms: 2000,
    };
    let launcher =
        Launcher { program: launcher.into(), arguments: vec![OsString::from("local-runtime")] };
    instance::create(&Root::at(root), &launcher, &owner, &spec).await?;
    Ok(())
}

/// A command that removes an instance: `ROOT UID`.
async fn delete(args: Vec<OsString>) -> Result<(), Box<dyn std::error::Error>> {
    let [root, uid] = args.as_slice() else { return Err("two arguments".into()) };
    let uid = Uid::new(uid.to_string_lossy()).ok_or("no uid")?;
    Ok(instance::delete(&Root::at(root), &uid).await?)
}

/// A server on `PORT` that answers with its `NAME`.
async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {port}");
    loop {
        let (stream, _) = socket.accept().await?;
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer))
            .with_upgrades();
        tokio::spawn(connection);
    }
}

type Body = Either<Full<Bytes>, Incoming>;

async fn answer(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let text = |text: String| Response::new(Either::Left(Full::from(text)));
    let name = env::var("NAME").unwrap_or_default();
    Ok(match request.uri().path() {
        "/health" if Path::new("unhealthy").exists() => {
            let mut response = text(name);
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(query.parse().unwrap_or(0))).await;
            text(name)
        }
        "/echo" => Response::new(Either::Right(request.into_body())),
        "/headers" => text(format!("{:?}", request.headers())),
        "/length" => {
            let body = request.into_body().collect().await;
            text(body.map_or(0, |body| body.to_bytes().len()).to_string())
        }
        "/upgrade" => {
            tokio::spawn(talk_back(hyper::upgrade::on(&mut request)));
            let mut response = text(String::new());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let protocol = header::HeaderValue::from_static("echo");
            response.headers_mut().insert(header::UPGRADE, protocol);
            let upgrade = header::HeaderValue::from_static("upgrade");
            response.headers_mut().insert(header::CONNECTION, upgrade);
            response
        }
        _ => text(name),
    })
}

/// The protocol `echo`: whatever comes goes back.
async fn talk_back(upgrade: hyper::upgrade::OnUpgrade) -> Option<()> {
    let mut stream = TokioIo::new(upgrade.await.ok()?);
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        stream.write_all(&buffer[..count]).await.ok()?;
    }
}
