//! The life of an object of each type: made, left alone, changed in place, changed and deleted
//! behind our back, made anew, taken over, found without its state, deleted.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::schema::ReadCost;
use greenroom_model::state::{Remote, State};
use greenroom_model::value::Value;
use greenroom_provider::{
    DeleteRequest, Deleted, ImportRequest, Object, Provider, ReadAnswer, ReadDepth, ReadRequest,
    UpdateRequest,
};

use crate::lab::Lab;

/// The life of one object.
pub(crate) struct Life {
    /// The object, such as `pr/aws_vpc.main`.
    pub(crate) address: &'static str,
    /// The template that it starts from.
    pub(crate) base: String,
    /// Another one, which changes it in place; `None` if nothing of the type can be changed.
    pub(crate) changed: Option<String>,
    /// Another one, which takes a new object in its place.
    pub(crate) replaced: Option<String>,
}

impl Life {
    /// Lives it, on a cloud of its own.
    pub(crate) async fn live(self) {
        self.live_in(&Lab::start().await).await;
    }

    /// Lives it, where there is something else already.
    pub(crate) async fn live_in(self, lab: &Lab) {
        self.is_made(lab).await;
        self.is_taken_over(lab).await;
        self.is_found_without_its_state(lab).await;
        if let Some(changed) = &self.changed {
            self.is_changed_in_place(lab, changed).await;
            self.is_changed_behind_our_back(lab).await;
        }
        if let Some(replaced) = &self.replaced {
            self.is_replaced(lab, replaced).await;
        }
        self.is_deleted_behind_our_back(lab).await;
        self.goes(lab).await;
        lab.account.assert_supported();
    }

    async fn is_made(&self, lab: &Lab) {
        self.becomes(lab, &self.base).await;
        let object = self.object(lab).await;
        let answer = read(lab, &object).await;
        assert!(matches!(answer, ReadAnswer::Present(_)), "{answer:?}");
    }

    /// Whoever imports it sees what we made.
    async fn is_taken_over(&self, lab: &Lab) {
        let object = self.object(lab).await;
        imports(lab, &object, &import_id(&object)).await;
    }

    /// Whoever has its state misses nothing and finds nothing else; whoever has not finds it by
    /// what it says of its owner, if it says so.
    async fn is_found_without_its_state(&self, lab: &Lab) {
        let verified = lab.verify(&self.base).await;
        assert!(verified.agrees(), "{verified:#?}");
        let object = self.object(lab).await;
        let elsewhere = Lab::on(lab.account.clone()).await;
        let orphans = elsewhere.verify(&self.base).await.orphans;
        let found = orphans.iter().find(|it| it.uid == object.uid);
        let provider = lab.provider().await;
        let says_whose = provider.schema().resources[&object.kind].attributes.contains_key("tags");
        assert_eq!(found.map(|it| &it.id), says_whose.then_some(&object.id), "{orphans:#?}");
        assert!(found.is_none_or(|it| it.owner == *object.owner), "{found:?}");
    }

    async fn is_changed_in_place(&self, lab: &Lab, changed: &str) {
        let before = self.object(lab).await;
        let plan = lab.would_do(changed).await;
        assert!(plan.contains(&self.operation("update")), "{plan:?}");
        self.becomes(lab, changed).await;
        assert_eq!(self.object(lab).await.id, before.id, "it is the same object");
    }

    /// Somebody puts back what we changed; the next apply changes it again.
    async fn is_changed_behind_our_back(&self, lab: &Lab) {
        let Some(changed) = &self.changed else { return };
        let object = self.object(lab).await;
        let before = lab.plan_now(&self.base).await;
        let change = before.operations().find_map(|it| match &it.action {
            greenroom_model::plan::Action::Update(change) if change.uid == object.uid => {
                Some(change.planned.clone())
            }
            _ => None,
        });
        let planned = change.expect("the base is a change in place");
        let provider = lab.provider().await;
        let changed_paths = differing(&object.attributes, &planned);
        let request = UpdateRequest { object, planned, changed: changed_paths, company: None };
        provider.update(request).await.expect("somebody may change it");
        let plan = lab.plan_now(changed).await;
        let seen: Vec<String> = plan.drift.iter().map(|it| it.address.to_string()).collect();
        assert!(seen.contains(&self.address.to_owned()), "the change is seen: {seen:?}");
        self.becomes(lab, changed).await;
    }

    async fn is_replaced(&self, lab: &Lab, replaced: &str) {
        let before = self.object(lab).await;
        let plan = lab.would_do(replaced).await;
        assert!(plan.contains(&self.operation("create")), "{plan:?}");
        self.becomes(lab, replaced).await;
        assert_ne!(self.object(lab).await.uid, before.uid, "it is another object");
    }

    async fn is_deleted_behind_our_back(&self, lab: &Lab) {
        let last = self.last();
        let object = self.object(lab).await;
        let uid = object.uid.clone();
        delete(lab, object).await;
        let phantoms = lab.verify(last).await.phantoms;
        assert!(phantoms.iter().any(|it| it.uid == uid), "{phantoms:?}");
        let plan = lab.would_do(last).await;
        assert!(plan.contains(&self.operation("create")), "{plan:?}");
        self.becomes(lab, last).await;
    }

    async fn goes(&self, lab: &Lab) {
        let object = self.object(lab).await;
        let applied = lab.destroy().await.expect("destroyed");
        assert!(applied.is_complete(), "{:#?}", applied.failed);
        let answer = read(lab, &object).await;
        assert_eq!(answer, ReadAnswer::Gone);
    }

    /// The template that the object last came from.
    fn last(&self) -> &str {
        self.replaced.as_deref().or(self.changed.as_deref()).unwrap_or(&self.base)
    }

    /// Applies a template; then nothing is left to do.
    async fn becomes(&self, lab: &Lab, template: &str) {
        let applied = lab.up(template).await.expect("applied");
        assert!(applied.is_complete(), "{:#?}\n{template}", applied.failed);
        let plan = lab.plan_now(template).await;
        let left: Vec<_> = plan.operations().map(|it| (&it.id, &it.action)).collect();
        assert!(left.is_empty(), "a second plan is not empty: {left:#?}");
        assert_eq!(plan.drift, [], "what was recorded is what is there");
    }

    fn operation(&self, kind: &str) -> String {
        format!("apply:{kind}:{}", self.address)
    }

    /// The object as the state has it.
    pub(crate) async fn object(&self, lab: &Lab) -> Object {
        object(lab, self.address).await
    }
}

/// The object at an address as the state has it.
pub(crate) async fn object(lab: &Lab, address: &str) -> Object {
    let view = lab.workbench.view(&greenroom_sim::lab::Lab::state_name()).await;
    let state = view.expect("readable").state.expect("a state");
    object_of(&state, &address.parse().expect("an address"))
}

pub(crate) fn object_of(state: &State, address: &Address) -> Object {
    let instance = state.instance(address).unwrap_or_else(|| panic!("{address} is in the state"));
    let remote: &Remote = instance.current.as_ref().expect("an object");
    Object {
        kind: address.block.kind.clone(),
        address: address.clone(),
        uid: remote.uid.clone(),
        id: remote.id.clone(),
        attributes: remote.attributes.clone(),
        owner: Arc::new(greenroom_model::identity::Owner {
            project: state.project.clone(),
            stage: state.stage.clone(),
            scope: address.scope.clone(),
            lineage: state.lineage.clone(),
            kind: state.kind,
            expires: state.lifetime.expires.clone(),
        }),
        timeout: None,
    }
}

pub(crate) async fn read(lab: &Lab, object: &Object) -> ReadAnswer {
    let request = ReadRequest { object: object.clone(), depth: ReadDepth::Full };
    let mut answers = lab.provider().await.read(vec![request]).await;
    answers.pop().expect("an answer").expect("readable")
}

/// The id that people import an object by, as the documentation of Terraform's provider has it.
fn import_id(object: &Object) -> String {
    let text = |name: &str| {
        object.attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match &*object.kind {
        "aws_route" => format!("{}_{}", text("route_table_id"), text("destination_cidr_block")),
        "aws_route_table_association" => format!("{}/{}", object.id, text("route_table_id")),
        "aws_volume_attachment" => {
            format!("{}:{}:{}", text("device_name"), text("volume_id"), text("instance_id"))
        }
        "aws_iam_role_policy_attachment" => format!("{}/{}", text("role"), text("policy_arn")),
        _ => object.id.to_string(),
    }
}

/// Imports by `id` what the state has as `object`: it is the same object, with the same
/// attributes but for those that AWS does not tell and those that are managed elsewhere.
pub(crate) async fn imports(lab: &Lab, object: &Object, id: &str) {
    let request = ImportRequest {
        kind: object.kind.clone(),
        address: object.address.clone(),
        uid: object.uid.clone(),
        owner: object.owner.clone(),
        id: id.into(),
    };
    let provider = lab.provider().await;
    let taken_over = provider.import(request).await.expect("it is there");
    assert_eq!(taken_over.id, object.id);
    let schema = &provider.schema().resources[&object.kind];
    for (name, attribute) in &schema.attributes {
        let ours = object.attributes.get(name).map(Value::reveal).unwrap_or_default();
        if attribute.read != ReadCost::WriteOnly && !ours.is_null() {
            let told = taken_over.attributes.get(name).map(Value::reveal).unwrap_or_default();
            assert_eq!(told, ours, "`{name}` of {} by {id}", object.kind);
        }
    }
}

pub(crate) async fn delete(lab: &Lab, object: Object) {
    let provider = lab.provider().await;
    let deleted = provider.delete(DeleteRequest { object: object.clone(), company: None }).await;
    if deleted.expect("somebody may delete it") == Deleted::Accepted {
        provider.gone(object).await.expect("it goes");
    }
}

fn differing(before: &Value, after: &Value) -> Vec<greenroom_model::value::Path> {
    let after = after.as_object().into_iter().flatten();
    let differing = after.filter(|(name, value)| {
        !value.has_pending() && before.get(name).map(Value::reveal) != Some(value.reveal())
    });
    differing.map(|(name, _)| name.parse().expect("a name is a path")).collect()
}
