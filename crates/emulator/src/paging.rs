//! Lists come in pages of as many objects as were asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xmltree::{Element, XMLNode};

use crate::call::{Call, Parameters};
use crate::proxy::Backend;
use crate::reply::{Failure, Reply};
use crate::xml;

/// The actions of EC2 whose lists come in pages.
const PAGED: &[&str] = &[
    "DescribeImages",
    "DescribeInstanceStatus",
    "DescribeInstanceTypes",
    "DescribeInstances",
    "DescribeInternetGateways",
    "DescribeLaunchTemplates",
    "DescribeNatGateways",
    "DescribeNetworkAcls",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSubnets",
    "DescribeTags",
    "DescribeVolumes",
    "DescribeVpcEndpoints",
    "DescribeVpcs",
];

/// Those of Elastic Load Balancing.
const PAGED_BY_MARKER: &[&str] =
    &["DescribeListeners", "DescribeLoadBalancers", "DescribeRules", "DescribeTargetGroups"];

/// More than any test has.
const ALL: &str = "1000000";

/// How a service asks for pages.
struct Style {
    size: &'static str,
    token: &'static str,
    /// The field of the answer that tells the next page.
    next: &'static str,
    least: usize,
    most: usize,
}

const EC2: Style =
    Style { size: "MaxResults", token: "NextToken", next: "nextToken", least: 5, most: 1000 };
const ELB: Style =
    Style { size: "PageSize", token: "Marker", next: "NextMarker", least: 1, most: 400 };

/// The lists of an account that were told in part. All pages of one are of one moment.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    listings: Mutex<BTreeMap<u64, Arc<Listing>>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Listing {
    action: String,
    asked: Parameters,
    /// The answer, without the objects.
    frame: Element,
    /// Where in the frame the objects stand.
    path: Vec<String>,
    objects: Vec<XMLNode>,
}

impl Pages {
    /// A later page of a list; none if the call asks for the first, or for no list.
    ///
    /// # Errors
    ///
    /// If the token is none of ours or was given to another question, or AWS has no such pages.
    pub(crate) fn later(&self, call: &Call) -> Result<Option<Reply>, Failure> {
        too_many(call)?;
        let Some(style) = style(call) else { return Ok(None) };
        let size = size(call, &style)?;
        let Some(token) = call.parameter(style.token) else { return Ok(None) };
        let page = place(token).and_then(|(number, at)| {
            let listing = self.listings().get(&number).cloned()?;
            let same = listing.action == call.action && listing.asked == asked(call, &style);
            same.then(|| listing.page(&style, number, at, size))
        });
        let unknown = || invalid(call, format!("The token '{token}' is invalid"));
        page.map(|page| Some(Reply::xml(&page))).ok_or_else(unknown)
    }

    /// Asks for the whole list instead of a page.
    pub(crate) fn whole(call: &mut Call) {
        let Some(style) = style(call) else { return };
        call.parameters = asked(call, &style);
        // The server's own pages would be of other sizes. With ids it takes no size.
        let instances = call.action == "DescribeInstances" && call.list("InstanceId").is_empty();
        if instances || ["DescribeLoadBalancers", "DescribeRules"].contains(&call.action.as_str()) {
            call.parameters.insert(style.size.to_owned(), ALL.to_owned());
        }
        call.write_form();
    }

    /// Leaves the first page of a list that is longer.
    pub(crate) fn cut(&self, call: &Call, document: &mut Element) -> Result<(), Failure> {
        let Some(style) = style(call) else { return Ok(()) };
        let size = size(call, &style)?;
        let path = list_path(call, document);
        if path.is_empty() {
            return Ok(());
        }
        let mut frame = document.clone();
        let Some(list) = list_at(&mut frame, &path) else { return Ok(()) };
        let objects = apart(std::mem::take(&mut list.children));
        if objects.len() > size {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let (action, asked) = (call.action.clone(), asked(call, &style));
            let listing = Listing { action, asked, frame, path, objects };
            *document = listing.page(&style, number, 0, size);
            self.listings().insert(number, Arc::new(listing));
        }
        Ok(())
    }

    fn listings(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Listing>>> {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to a list of instances what the server tells on pages of its own.
pub(crate) async fn gather(backend: &Backend, call: &Call, document: &mut Element) {
    while let Some(token) = xml::text(document, &["nextToken"]) {
        let mut next = call.clone();
        next.parameters.insert("NextToken".to_owned(), token);
        next.write_form();
        let Some(page) = backend.send(&next).await.document() else { return };
        let more = page.get_child("reservationSet").map(|list| list.children.clone());
        if let Some(list) = document.get_mut_child("reservationSet") {
            list.children.extend(more.unwrap_or_default());
        }
        document.take_child("nextToken");
        let token = page.get_child("nextToken").cloned();
        document.children.extend(token.map(XMLNode::Element));
    }
}

impl Listing {
    /// The answer with so many objects from this place on.
    fn page(&self, style: &Style, number: u64, at: usize, size: usize) -> Element {
        let end = self.objects.len().min(at.saturating_add(size));
        let mut page = self.frame.clone();
        if let Some(list) = list_at(&mut page, &self.path) {
            list.children = together(self.objects.get(at..end).unwrap_or_default());
        }
        if end < self.objects.len() {
            let outer = self.path.len() - 1;
            if let Some(holder) = list_at(&mut page, &self.path[..outer]) {
                xml::set(holder, style.next, &format!("{number:x}-{end:x}"));
            }
        }
        page
    }
}

/// The listing of a token and the place in it.
fn place(token: &str) -> Option<(u64, usize)> {
    let (number, at) = token.split_once('-')?;
    Some((u64::from_str_radix(number, 16).ok()?, usize::from_str_radix(at, 16).ok()?))
}

fn style(call: &Call) -> Option<Style> {
    match call.service.as_str() {
        "ec2" if PAGED.contains(&call.action.as_str()) => Some(EC2),
        "elasticloadbalancing" if PAGED_BY_MARKER.contains(&call.action.as_str()) => Some(ELB),
        _ => None,
    }
}

/// What was asked, whichever page.
fn asked(call: &Call, style: &Style) -> Parameters {
    let mut asked = call.parameters.clone();
    asked.remove(style.size);
    asked.remove(style.token);
    asked
}

fn size(call: &Call, style: &Style) -> Result<usize, Failure> {
    let Some(text) = call.parameter(style.size) else { return Ok(style.most) };
    if call.is("ec2", "DescribeInstances") && !call.list("InstanceId").is_empty() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(Failure::of_caller("InvalidParameterCombination", message));
    }
    let size = text.parse().ok().filter(|size| (style.least..=style.most).contains(size));
    size.ok_or_else(|| {
        let Style { size, least, most, .. } = style;
        let message = format!("Value ( {text} ) for parameter {size} is not in {least} to {most}");
        invalid(call, message)
    })
}

fn too_many(call: &Call) -> Result<(), Failure> {
    if call.is("elasticloadbalancing", "DescribeTags") && call.list("ResourceArns").len() > 20 {
        return Err(invalid(call, "ResourceArns must have no more than 20 members".to_owned()));
    }
    Ok(())
}

fn invalid(call: &Call, message: String) -> Failure {
    let code = if call.service == "ec2" { "InvalidParameterValue" } else { "ValidationError" };
    Failure::of_caller(code, message)
}

/// The names that lead to the list in an answer; none if it is empty.
fn list_path(call: &Call, document: &Element) -> Vec<String> {
    let result = format!("{}Result", call.action);
    let (holder, item) = match document.get_child(result.as_str()) {
        Some(result) => (result, "member"),
        None => (document, "item"),
    };
    let list = xml::children(holder).find(|child| child.get_child(item).is_some());
    let outer = (item == "member").then_some(result);
    list.map(|list| outer.into_iter().chain([list.name.clone()]).collect()).unwrap_or_default()
}

fn list_at<'a>(document: &'a mut Element, path: &[String]) -> Option<&'a mut Element> {
    xml::at_mut(document, &path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Reservations of one instance each: a page counts instances.
fn apart(items: Vec<XMLNode>) -> Vec<XMLNode> {
    items.into_iter().flat_map(one_by_one).collect()
}

fn one_by_one(item: XMLNode) -> Vec<XMLNode> {
    let instances = item.as_element().and_then(|item| item.get_child("instancesSet"));
    let Some(instances) = instances.filter(|instances| instances.children.len() > 1) else {
        return vec![item];
    };
    let alone = instances.children.iter().map(|instance| {
        let mut reservation = item.clone();
        let set = reservation.as_mut_element().and_then(|item| item.get_mut_child("instancesSet"));
        set.expect("it is a copy of one that has it").children = vec![instance.clone()];
        reservation
    });
    alone.collect()
}

/// Puts the instances of one reservation together again.
fn together(items: &[XMLNode]) -> Vec<XMLNode> {
    let mut joined: Vec<XMLNode> = Vec::new();
    for item in items {
        let id = |item: &XMLNode| xml::text(item.as_element()?, &["reservationId"]);
        let same = joined.last().is_some_and(|last| id(last).is_some() && id(last) == id(item));
        let last = joined.last_mut().filter(|_| same).and_then(XMLNode::as_mut_element);
        let Some(set) = last.and_then(|last| last.get_mut_child("instancesSet")) else {
            joined.push(item.clone());
            continue;
        };
        let instances = item.as_element().and_then(|item| item.get_child("instancesSet"));
        set.children.extend(instances.into_iter().flat_map(|set| set.children.clone()));
    }
    joined
}
