//! A project on an account of the emulated cloud.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use greenroom_emulator::{Account, Cloud};
use tempfile::TempDir;

/// The example project on an account of its own.
pub(crate) struct Shop {
    pub(crate) account: Account<'static>,
    folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Shop {
    /// The files of `specs/shop-aws`, with a folder of their own for states.
    pub(crate) fn new() -> Shop {
        let shop = Shop::empty();
        let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/shop-aws");
        let files = std::fs::read_dir(specs).expect("the example project");
        for file in files.map(|file| file.expect("a file").path()) {
            let text = std::fs::read_to_string(&file).expect("a text");
            let text = text.replace("url = \"../../state\"", "url = \"state\"");
            let name = file.file_name().expect("a name");
            std::fs::write(shop.folder.path().join(name), text).expect("a file");
        }
        shop
    }

    /// A project without files.
    pub(crate) fn empty() -> Shop {
        let folder = TempDir::with_prefix("greenroom-aws-").expect("a temporary folder");
        Shop { account: Cloud::shared().account(), folder }
    }

    /// A project with one stage `it`, whose states are in a bucket that there is.
    pub(crate) fn in_bucket() -> Shop {
        let shop = Shop::empty();
        // A bucket's name is taken for all accounts.
        let bucket = format!("states-{}", shop.account.id());
        let region = "<CreateBucketConfiguration><LocationConstraint>eu-central-1\
                      </LocationConstraint></CreateBucketConfiguration>";
        shop.send("s3", &format!("PUT /{bucket}"), region);
        shop.write(
            "greenroom.toml",
            &format!(
                "[project]\nname = \"shop\"\n[state]\nurl = \"s3://{bucket}/team\"\n\
                 region = \"eu-central-1\"\n[provider.aws]\nregion = \"eu-central-1\"\n\
                 [stage.it]\ntemplate = \"environment.toml\"\n"
            ),
        );
        shop
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// The text of a file of the project.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("a text")
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// A command of the binary, with waits scaled down.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .env("AWS_ENDPOINT_URL", self.account.endpoint())
            .env("AWS_ACCESS_KEY_ID", self.account.id())
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("GREENROOM_AWS_PACE", "0.01")
            .env("XDG_STATE_HOME", self.folder.path().join("home"))
            .env_remove("AWS_PROFILE");
        command
    }

    /// Runs a command of the binary.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the binary runs");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end with `code`.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        let text = format!("{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(code), "{arguments:?}:\n{text}");
        ran
    }

    /// What the APIs list of things with a tag of ours, without what is terminated; of load
    /// balancers and target groups, all that there are.
    pub(crate) fn owned(&self) -> BTreeSet<String> {
        let filter = "Filter.1.Name=tag-key&Filter.1.Value.1=greenroom%3Alineage";
        let kinds = [
            ("DescribeVpcs", "vpcId"),
            ("DescribeSubnets", "subnetId"),
            ("DescribeInternetGateways", "internetGatewayId"),
            ("DescribeRouteTables", "routeTableId"),
            ("DescribeSecurityGroups", "groupId"),
        ];
        let mut owned = BTreeSet::new();
        for (action, id) in kinds {
            owned.extend(ids(&self.ask("ec2", &format!("Action={action}&{filter}")), id));
        }
        let running =
            "Filter.2.Name=instance-state-name&Filter.2.Value.1=running&Filter.2.Value.2=pending";
        let instances = self.ask("ec2", &format!("Action=DescribeInstances&{filter}&{running}"));
        owned.extend(ids(&instances, "instanceId"));
        let balancers = self.ask("elasticloadbalancing", "Action=DescribeLoadBalancers");
        owned.extend(ids(&balancers, "LoadBalancerArn"));
        let groups = self.ask("elasticloadbalancing", "Action=DescribeTargetGroups");
        owned.extend(ids(&groups, "TargetGroupArn"));
        owned
    }

    /// One call of an API with a form, and the answer's text.
    pub(crate) fn ask(&self, service: &str, form: &str) -> String {
        let version = if service == "ec2" { "2016-11-15" } else { "2015-12-01" };
        self.send(service, "POST /", &format!("{form}&Version={version}"))
    }

    /// One call of EC2 in another region with a form, and the answer's text.
    pub(crate) fn ask_in(&self, region: &str, form: &str) -> String {
        self.send_to(region, "ec2", "POST /", &format!("{form}&Version=2016-11-15"))
    }

    /// One call of Route 53 with XML, and the answer's text.
    pub(crate) fn ask_route53(&self, call: &str, body: &str) -> String {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        self.send("route53", &format!("{method} /2013-04-01{path}"), body)
    }

    fn send(&self, service: &str, call: &str, body: &str) -> String {
        self.send_to("eu-central-1", service, call, body)
    }

    fn send_to(&self, region: &str, service: &str, call: &str, body: &str) -> String {
        let host = self.account.endpoint().trim_start_matches("http://").to_owned();
        let is_xml = body.starts_with('<');
        let kind = if is_xml { "application/xml" } else { "application/x-www-form-urlencoded" };
        let scope = format!("{}/20260101/{region}/{service}/aws4_request", self.account.id());
        let request = format!(
            "{call} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&host).expect("the cloud listens");
        stream.write_all(request.as_bytes()).expect("the cloud reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the cloud answers");
        assert!(answer.starts_with("HTTP/1.1 20"), "{call} {body}: {answer}");
        answer
    }
}

/// The values of an element.
pub(crate) fn ids(answer: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = answer.split(&open).skip(1);
    let ids = parts.filter_map(|part| part.split_once(&close)).map(|(id, _)| id.to_owned());
    ids.collect()
}
