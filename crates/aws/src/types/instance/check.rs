//! What is known of an instance at plan, and what cannot be right.

use std::net::Ipv4Addr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_model::value::Value;
use greenroom_provider::{CheckRequest, Draft, WrongArgument};

use super::change::WHILE_STOPPED;
use super::read::RESTARTING;
use crate::peers::{Peers, parsed};
use crate::types::{blocks, ebs, ec2, placement};

/// The most bytes of user data (EC2 User Guide, "Run commands when you launch an EC2 instance").
pub(crate) const MOST_USER_DATA: usize = 16 * 1024;

/// Refines a proposal.
pub(super) fn propose(draft: &mut Draft) {
    check_source(draft);
    check_words(draft);
    check_texts(draft);
    root_volume(draft);
    volumes(draft);
    metadata(draft);
    template(draft);
    user_data(draft);
    if draft.left_out("launch_template") {
        without_template(draft);
    }
    restart(draft);
    public_address(draft);
}

/// A stop gives the public address away, and the start takes another one.
fn public_address(draft: &mut Draft) {
    let Some(prior) = draft.prior() else { return };
    let differs =
        |name: &&str| draft.planned(name).map(Value::reveal) != prior.get(name).map(Value::reveal);
    let has_one = prior.get("public_ip").is_some_and(|it| !it.is_null());
    if has_one && WHILE_STOPPED.iter().any(differs) {
        draft.leave_open("public_ip");
        draft.leave_open("public_dns");
    }
}

/// What was stopped for a change is started again, if that was not done then.
fn restart(draft: &mut Draft) {
    let state = draft.prior().and_then(|it| it.get("instance_state")).and_then(Value::as_str);
    if state == Some(RESTARTING) {
        draft.set("instance_state", "running");
        draft.leave_open("public_ip");
        draft.leave_open("public_dns");
    }
}

/// What cannot be right beside what is planned of others.
pub(super) fn beside(own: &CheckRequest, peers: &Peers<'_>) -> Vec<WrongArgument> {
    let address: Option<Ipv4Addr> = parsed(own, "private_ip");
    let mut wrong: Vec<WrongArgument> = [
        placement::zone(own, peers),
        placement::zone_of_subnet(own, peers),
        address.and_then(|it| placement::address(own, peers, "private_ip", it)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(subnet) = peers.named(own.planned.get("subnet_id")) {
        wrong.extend(placement::groups(own, peers, subnet, "vpc_security_group_ids"));
    }
    wrong
}

fn check_source(draft: &mut Draft) {
    for name in ["ami", "instance_type"] {
        let missing = draft.left_out(name) && draft.left_out("launch_template");
        draft.expect(!missing, name, "it is needed where there is no `launch_template`");
    }
    let unnamed = !draft.left_out("root_block_device") && draft.left_out("ami");
    draft.expect(!unnamed, "root_block_device", "it needs `ami`, which says which device it is");
}

fn check_words(draft: &mut Draft) {
    const SWITCH: [&str; 2] = ["enabled", "disabled"];
    ec2::check_word(draft, "tenancy", &["default", "dedicated", "host"]);
    ec2::check_word(draft, "instance_initiated_shutdown_behavior", &["stop", "terminate"]);
    ec2::check_field(draft, "credit_specification", "cpu_credits", &["standard", "unlimited"]);
    ec2::check_field(draft, "metadata_options", "http_endpoint", &SWITCH);
    ec2::check_field(draft, "metadata_options", "http_protocol_ipv6", &SWITCH);
    ec2::check_field(draft, "metadata_options", "http_tokens", &["required", "optional"]);
    ec2::check_field(draft, "metadata_options", "instance_metadata_tags", &SWITCH);
}

/// Checks the form of the texts that say what is launched.
pub(crate) fn check_texts(draft: &mut Draft) {
    let text = |name: &str| draft.given(name).and_then(Value::as_str);
    let has_size = text("instance_type").is_none_or(|it| {
        it.split_once('.').is_some_and(|(family, size)| !family.is_empty() && !size.is_empty())
    });
    let is_address = text("private_ip").is_none_or(|it| it.parse::<Ipv4Addr>().is_ok());
    let is_name = text("iam_instance_profile").is_none_or(|it| !it.starts_with("arn:"));
    let is_ami = text("ami").is_none_or(|it| it.starts_with("ami-") || it.starts_with("resolve:"));
    draft.expect(has_size, "instance_type", "a type is a family and a size, such as `t3.micro`");
    draft.expect(is_address, "private_ip", "it is an IPv4 address");
    draft.expect(is_name, "iam_instance_profile", "it is the name of the profile, not its ARN");
    draft.expect(is_ami, "ami", "an image's id starts with `ami-`");
}

fn root_volume(draft: &mut Draft) {
    const NAME: &str = "root_block_device";
    let before = draft.prior().and_then(|it| it.get(NAME)).and_then(Value::as_list);
    let before = before.and_then(|it| it.first()).cloned().unwrap_or_default();
    for table in ec2::tables(draft, NAME) {
        ebs::check(draft, "root_block_device[0].", &table, "volume_type", "volume_size");
        let size = |of: &Value| of.get("volume_size").and_then(Value::as_i64);
        if let (Some(was), Some(is)) = (size(&before), size(&table)) {
            // Volumes only grow: a smaller one is another one.
            if is < was {
                draft.replaces("root_block_device[0].volume_size");
            }
        }
    }
    blocks::choose(draft, NAME, &ebs::CHOSEN, |before, table, field| {
        ebs::stays(before, table, field, "volume_type", "volume_size")
    });
}

fn volumes(draft: &mut Draft) {
    const NAME: &str = "ebs_block_device";
    let name = |table: &Value| table.get("device_name").and_then(Value::as_str).map(str::to_owned);
    let tables = ec2::tables(draft, NAME);
    for (at, table) in tables.iter().enumerate() {
        let path = format!("{NAME}[{at}].");
        ebs::check(draft, &path, table, "volume_type", "volume_size");
        let device = name(table);
        let again = device.is_some() && tables[..at].iter().any(|it| name(it) == device);
        draft.expect(!again, &format!("{path}device_name"), "another volume is this device");
    }
    let chosen: Vec<&str> = ebs::CHOSEN.into_iter().chain(["snapshot_id"]).collect();
    blocks::keep(draft, NAME, &chosen, |before, table| name(before) == name(table));
}

fn metadata(draft: &mut Draft) {
    const CHOSEN: [&str; 3] =
        ["http_put_response_hop_limit", "http_tokens", "instance_metadata_tags"];
    for table in ec2::tables(draft, "metadata_options") {
        let hops = table.get("http_put_response_hop_limit").and_then(Value::as_i64);
        let fits = hops.is_none_or(|it| (1..=64).contains(&it));
        let path = "metadata_options[0].http_put_response_hop_limit";
        draft.expect(fits, path, "an answer goes 1 to 64 hops");
    }
    blocks::choose(draft, "metadata_options", &CHOSEN, |_, _, _| true);
}

/// A template may be named by id or by name, and the other one is known then.
fn template(draft: &mut Draft) {
    for table in ec2::tables(draft, "launch_template") {
        let given = |name: &str| table.get(name).is_some_and(|it| !it.is_null());
        let one = given("id") != given("name");
        draft.expect(one, "launch_template[0]", "it has either an `id` or a `name`");
    }
    blocks::keep(draft, "launch_template", &["id", "name"], |before, table| {
        let same = |name: &str| {
            let given = table.get(name).filter(|it| !it.is_null());
            given.is_some() && given == before.get(name)
        };
        same("id") || same("name")
    });
}

/// Text and Base64 are two forms of one thing: where one is given, the other is left out.
fn user_data(draft: &mut Draft) {
    let (text, encoded) = (!draft.left_out("user_data"), !draft.left_out("user_data_base64"));
    if text && encoded {
        draft.wrong("user_data_base64", "`user_data` is given too", Some("leave one of them out"));
    } else if text {
        draft.set("user_data_base64", Value::Null);
    } else if encoded {
        draft.set("user_data", Value::Null);
        check_base64(draft);
        keep_imported(draft);
    }
    let bytes = bytes(draft.planned("user_data"), draft.planned("user_data_base64"));
    let fits = bytes.as_ref().is_none_or(|it| it.len() <= MOST_USER_DATA);
    let name = if encoded { "user_data_base64" } else { "user_data" };
    draft.expect(fits, name, format!("user data has at most {MOST_USER_DATA} bytes"));
    let replaces = draft.given("user_data_replace_on_change").and_then(Value::as_bool);
    if replaces == Some(true) && has_other_user_data(draft) {
        draft.replaces(name);
    }
}

fn check_base64(draft: &mut Draft) {
    let text = draft.given("user_data_base64").and_then(Value::as_str);
    let fits = text.is_none_or(|it| STANDARD.decode(it).is_ok());
    draft.expect(fits, "user_data_base64", "it is no Base64");
}

/// What was imported has its user data as text: that is not a change.
fn keep_imported(draft: &mut Draft) {
    let Some(given) = draft.known("user_data_base64").filter(|it| !it.has_sensitive()) else {
        return;
    };
    let read = draft.prior().and_then(|it| it.get("user_data")).filter(|it| !it.is_null());
    let Some(read) = read.filter(|it| !it.has_sensitive()).cloned() else { return };
    if bytes(Some(&read), None) == bytes(None, Some(given)) {
        draft.set("user_data", read);
        draft.set("user_data_base64", Value::Null);
    }
}

fn has_other_user_data(draft: &Draft) -> bool {
    let Some(prior) = draft.prior() else { return false };
    let of = |name: &str| draft.planned(name).cloned().unwrap_or_default();
    let (text, encoded) = (of("user_data"), of("user_data_base64"));
    if text.has_pending() || encoded.has_pending() {
        let same = |name: &str, planned: &Value| prior.get(name) == Some(planned);
        return !(same("user_data", &text) && same("user_data_base64", &encoded));
    }
    bytes(Some(&text), Some(&encoded))
        != bytes(prior.get("user_data"), prior.get("user_data_base64"))
}

/// The user data that two forms stand for.
fn bytes(text: Option<&Value>, encoded: Option<&Value>) -> Option<Vec<u8>> {
    if let Some(text) = text.and_then(Value::as_str) {
        return Some(text.as_bytes().to_vec());
    }
    STANDARD.decode(encoded.and_then(Value::as_str)?).ok()
}

/// What AWS chooses is known where no template can have a say. Known, it need not be read.
fn without_template(draft: &mut Draft) {
    draft.set_if_unknown("instance_initiated_shutdown_behavior", "stop");
    for name in ["monitoring", "disable_api_stop", "disable_api_termination"] {
        draft.set_if_unknown(name, false);
    }
    let absent =
        ["key_name", "iam_instance_profile", "placement_group", "user_data", "user_data_base64"];
    for name in absent {
        if draft.left_out(name) && draft.known(name).is_none() {
            draft.set(name, Value::Null);
        }
    }
}

#[cfg(test)]
mod tests;
