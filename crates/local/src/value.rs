//! The provider `greenroom`: `greenroom_value`, which exists in the state alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use greenroom_model::identity::Uid;
use greenroom_model::schema::{Attribute, ProviderSchema, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{
    CreateRequest, Created, DataRequest, DeleteRequest, Deleted, Failure, FailureKind, FindRequest,
    Found, Object, Proposal, ProposeRequest, Provider, ReadAnswer, ReadRequest, UpdateRequest,
};

/// The provider `greenroom`. It asks nobody and keeps nothing.
pub struct ValueProvider {
    schema: ProviderSchema,
    output: Arc<str>,
    id: Arc<str>,
}

impl ValueProvider {
    /// The provider.
    #[must_use]
    pub fn new() -> ValueProvider {
        ValueProvider { schema: schema(), output: "output".into(), id: "id".into() }
    }

    /// `planned` with what only the provider gives: everything else it has already.
    fn complete(&self, planned: Value, uid: &Uid) -> Value {
        let Value::Object(mut attributes) = planned else { return planned };
        let input = attributes.get("input").cloned().unwrap_or_default();
        let changed = Arc::make_mut(&mut attributes);
        changed.insert(self.output.clone(), input);
        changed.insert(self.id.clone(), Value::String(uid.0.clone()));
        Value::Object(attributes)
    }
}

impl Default for ValueProvider {
    fn default() -> ValueProvider {
        ValueProvider::new()
    }
}

#[async_trait]
impl Provider for ValueProvider {
    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn propose(&self, requests: Vec<ProposeRequest>) -> Vec<Proposal> {
        let propose = |request: ProposeRequest| Proposal {
            planned: self.complete(request.planned, &request.uid),
            replace: Vec::new(),
            wrong: Vec::new(),
        };
        requests.into_iter().map(propose).collect()
    }

    async fn read(&self, requests: Vec<ReadRequest>) -> Vec<Result<ReadAnswer, Failure>> {
        // The state is all there is to it.
        let answer = |request: ReadRequest| Ok(ReadAnswer::Present(request.object.attributes));
        requests.into_iter().map(answer).collect()
    }

    async fn read_data(&self, requests: Vec<DataRequest>) -> Vec<Result<Value, Failure>> {
        let refuse = |request: &DataRequest| {
            let message = format!("`greenroom` has no data source `{}`", request.kind);
            Err(Failure::new(FailureKind::Argument, message))
        };
        requests.iter().map(refuse).collect()
    }

    async fn find(&self, requests: Vec<FindRequest>) -> Vec<Result<Option<Found>, Failure>> {
        // A value whose outcome was lost was never anywhere; it is made again.
        requests.iter().map(|_| Ok(None)).collect()
    }

    async fn create(&self, request: CreateRequest) -> Result<Created, Failure> {
        let id = request.uid.0.clone();
        let attributes = self.complete(request.planned, &request.uid);
        Ok(Created { id, attributes, ready: true })
    }

    async fn ready(&self, object: Object) -> Result<Value, Failure> {
        Ok(object.attributes)
    }

    async fn update(&self, request: UpdateRequest) -> Result<Value, Failure> {
        Ok(self.complete(request.planned, &request.object.uid))
    }

    async fn delete(&self, _: DeleteRequest) -> Result<Deleted, Failure> {
        Ok(Deleted::Gone)
    }

    async fn gone(&self, _: Object) -> Result<(), Failure> {
        Ok(())
    }
}

fn schema() -> ProviderSchema {
    let value = TypeSchema::new(
        "greenroom_value",
        "A value that lives in the state alone: what `terraform_data` is to Terraform.",
        [
            ("input", Attribute::optional(Type::Any, "Any value; a change updates in place.")),
            (
                "triggers_replace",
                Attribute::optional(Type::Any, "Any value; a change makes a new object.")
                    .replaces(),
            ),
            ("output", Attribute::computed(Type::Any, "The value of `input`.")),
            ("id", Attribute::computed(Type::String, "The value's uid.")),
        ],
    );
    ProviderSchema {
        name: "greenroom".into(),
        doc: "What needs no world: values that are kept in the state.".to_owned(),
        settings: BTreeMap::new(),
        resources: [(value.name.clone(), value)].into(),
        data: BTreeMap::new(),
    }
}
