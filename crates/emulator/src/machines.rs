//! Machines that provision themselves for an image. The server runs no user data: what such a
//! machine does is read from it, and played here.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use xmltree::Element;

use crate::call::Call;
use crate::proxy::Backend;
use crate::reply::Failure;
use crate::xml;

/// What the user data of such a machine says of it, before its uid.
const MARK: &str = "# greenroom-ami-builder ";

/// How many looks at the instances of its region such a machine lives through.
const LIFE: u32 = 2;

/// How often its console is asked in vain when it has ended: AWS posts it a while after.
const SILENCE: u32 = 1;

/// The machines of an account that provision themselves, by instance.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    inner: Mutex<BTreeMap<String, Machine>>,
}

#[derive(Clone, Debug)]
struct Machine {
    region: String,
    uid: String,
    /// What it fetches first.
    links: Vec<Link>,
    fate: Fate,
    /// Looks that are left until it ends.
    life: u32,
    /// Questions that are left until its console is posted.
    silence: u32,
}

/// A file that a machine fetches.
#[derive(Clone, Debug)]
struct Link {
    name: String,
    url: String,
    sha256: String,
}

/// What becomes of a machine, as a line of one of its scripts says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// No such line: it is provisioned, and stops.
    Provisioned,
    /// `exit N`: this script fails.
    Failed { script: String, status: String },
    /// `sleep infinity`: it runs until somebody ends it.
    Endless,
    /// `poweroff -f`: it stops without a word.
    Silent,
    /// `# terminated`: somebody terminates it.
    Terminated,
}

impl Machines {
    /// Remembers machines that are launched, and forgets those that are terminated.
    pub(crate) fn learn(&self, call: &Call, document: &Element) {
        let instances = xml::texts(document, "instanceId").into_iter();
        match call.name().as_str() {
            "ec2:RunInstances" => {
                if let Some(machine) = Machine::launched(call) {
                    self.lock().extend(instances.map(|id| (id, machine.clone())));
                }
            }
            "ec2:TerminateInstances" => {
                let mut machines = self.lock();
                instances.for_each(|id| drop(machines.remove(&id)));
            }
            _ => {}
        }
    }

    /// Ends those whose time has come when instances are looked at.
    ///
    /// # Errors
    ///
    /// If the server does not end them.
    pub(crate) async fn pass(&self, backend: &Backend, call: &Call) -> Result<(), Failure> {
        if !call.is("ec2", "DescribeInstances") {
            return Ok(());
        }
        for (id, end) in self.ending(&call.region) {
            self.fetch(backend, &id).await;
            backend.ask(call, "ec2", end, &[("InstanceId.1", &id)]).await?;
        }
        Ok(())
    }

    /// Lets a machine fetch its files: one that is not there, or is another, fails it.
    async fn fetch(&self, backend: &Backend, id: &str) {
        let links = self.lock().get(id).map(|it| it.links.clone()).unwrap_or_default();
        for Link { name, url, sha256 } in links {
            let content = backend.get(&url).await.unwrap_or_default();
            let digest = Sha256::digest(&content);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            if let Some(machine) = self.lock().get_mut(id).filter(|_| digest != sha256) {
                machine.fate = Fate::Failed { script: name, status: "22".to_owned() };
            }
        }
    }

    /// Tells what a machine has printed.
    pub(crate) fn tell(&self, call: &Call, document: &mut Element) {
        if !call.is("ec2", "GetConsoleOutput") {
            return;
        }
        let id = call.parameter("InstanceId").unwrap_or_default();
        if let Some(machine) = self.lock().get_mut(id) {
            xml::set(document, "output", &STANDARD.encode(machine.console()));
        }
    }

    /// The machines of a region whose last look this is, and what ends them.
    fn ending(&self, region: &str) -> Vec<(String, &'static str)> {
        let mut machines = self.lock();
        let here = machines.iter_mut().filter(|(_, it)| it.region == region && it.life > 0);
        here.filter_map(|(id, machine)| {
            let end = machine.fate.end()?;
            machine.life -= 1;
            (machine.life == 0).then(|| (id.clone(), end))
        })
        .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Machine>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    fn launched(call: &Call) -> Option<Machine> {
        let text = text(&STANDARD.decode(call.parameter("UserData")?).ok()?)?;
        let uid = text.lines().find_map(|line| line.strip_prefix(MARK))?.to_owned();
        let (region, fate) = (call.region.clone(), Fate::read(&text));
        let links = text.lines().filter_map(Link::read).collect();
        Some(Machine { region, uid, links, fate, life: LIFE, silence: SILENCE })
    }

    fn console(&mut self) -> String {
        let booted = "Linux version 6.1 booted\n";
        if self.life > 0 || self.silence > 0 {
            self.silence -= u32::from(self.life == 0);
            return booted.to_owned();
        }
        let end = match &self.fate {
            Fate::Provisioned => format!("\ngreenroom: provisioned {}\n", self.uid),
            Fate::Failed { script, status } => format!(
                "\ngreenroom: provisioning failed: {script} exited with {status}\n\
                 \ngreenroom: log begins\n+ exit {status}\n\ngreenroom: log ends\n"
            ),
            Fate::Endless | Fate::Silent | Fate::Terminated => String::new(),
        };
        format!("{booted}{end}")
    }
}

impl Link {
    /// Of a line such as `step 'NAME' sh -e fetch 'NAME' 'URL' SHA256`.
    fn read(line: &str) -> Option<Link> {
        let (_, words) = line.split_once(" sh -e fetch ")?;
        let mut words = words.split(' ').map(|word| word.trim_matches('\'').to_owned());
        Some(Link { name: words.next()?, url: words.next()?, sha256: words.next()? })
    }
}

/// User data, which may be compressed.
fn text(data: &[u8]) -> Option<String> {
    if !data.starts_with(&[0x1f, 0x8b]) {
        return String::from_utf8(data.to_vec()).ok();
    }
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).ok()?;
    Some(text)
}

impl Fate {
    fn read(text: &str) -> Fate {
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            match line {
                "sleep infinity" => return Fate::Endless,
                "poweroff -f" => return Fate::Silent,
                "# terminated" => return Fate::Terminated,
                _ => {}
            }
            let status =
                line.strip_prefix("exit ").filter(|it| it.parse().is_ok_and(|it: u8| it > 0));
            if let Some(status) = status {
                let step = lines.find_map(|line| line.strip_prefix("step '")?.split('\'').next());
                let script = step.unwrap_or_default().to_owned();
                return Fate::Failed { script, status: status.to_owned() };
            }
        }
        Fate::Provisioned
    }

    fn end(&self) -> Option<&'static str> {
        match self {
            Fate::Provisioned | Fate::Failed { .. } | Fate::Silent => Some("StopInstances"),
            Fate::Terminated => Some("TerminateInstances"),
            Fate::Endless => None,
        }
    }
}
