//! The plan inside a plan file.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::Scope;
use greenroom_model::identity::{Lineage, Sequence, Uid};
use greenroom_model::plan::{
    Drift, DriftSeen, LifecycleRecord, Next, Phase, Plan, PlannedOutput, Purpose,
};
use greenroom_model::state::Inputs;
use greenroom_model::value::Object;
use serde::{Deserialize, Serialize};

use super::operations::Operations;
use super::secret;
use crate::format::error::Misfit;
use crate::format::form::inputs::InputsForm;
use crate::format::form::lifecycle::LifecycleForm;
use crate::format::form::{Json, Mode, Reader, Text, present};

type Outputs<'a> = BTreeMap<Text<'a>, OutputForm<'a>>;

/// The form of [`Plan`].
#[derive(Serialize, Deserialize)]
pub(super) struct PlanForm<'a> {
    #[serde(borrow)]
    project: Text<'a>,
    #[serde(borrow)]
    stage: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    lineage: Text<'a>,
    purpose: Purpose,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    inputs: BTreeMap<Text<'a>, InputsForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    versions: BTreeMap<Text<'a>, u64>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    drift: Vec<DriftForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    lifecycles: Vec<LifecycleForm<'a>>,
    #[serde(borrow)]
    phases: Vec<PhaseForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    outputs: BTreeMap<Text<'a>, Outputs<'a>>,
}

#[derive(Serialize, Deserialize)]
struct DriftForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow)]
    recorded: Json<'a>,
    #[serde(borrow)]
    seen: SeenForm<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SeenForm<'a> {
    Gone,
    Failed {
        #[serde(borrow)]
        reason: Text<'a>,
        #[serde(borrow)]
        attributes: Json<'a>,
    },
    Changed {
        #[serde(borrow)]
        attributes: Json<'a>,
    },
}

#[derive(Serialize, Deserialize)]
struct OutputForm<'a> {
    #[serde(borrow)]
    value: Json<'a>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    prior: Option<Json<'a>>,
}

#[derive(Serialize, Deserialize)]
struct PhaseForm<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    on_pass: NextForm<'a>,
    #[serde(borrow)]
    on_fail: NextForm<'a>,
    #[serde(borrow)]
    operations: Operations<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NextForm<'a> {
    #[serde(borrow)]
    Phase(Text<'a>),
    Done,
    RolledBack,
    Halt,
}

impl<'a> PlanForm<'a> {
    pub(super) fn of(plan: &'a Plan) -> PlanForm<'a> {
        let versions = plan.versions.iter().map(|(address, it)| (Text::of(address), it.0));
        let lifecycles = plan.lifecycles.iter();
        let lifecycles =
            lifecycles.map(|it| LifecycleForm::of(&it.address, &it.uid, &it.lifecycle));
        PlanForm {
            project: Text::from(&plan.project),
            stage: Text::from(&plan.stage),
            environment: plan.environment.as_ref().map(|scope| scope.as_str().into()),
            lineage: Text::from(&plan.lineage.0),
            purpose: plan.purpose,
            inputs: write_inputs(&plan.lineage, &plan.inputs),
            versions: versions.collect(),
            drift: plan.drift.iter().map(DriftForm::of).collect(),
            lifecycles: lifecycles.collect(),
            phases: plan.phases.iter().map(PhaseForm::of).collect(),
            outputs: plan.outputs.iter().map(write_outputs).collect(),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Plan, Misfit> {
        let versions = self.versions.into_iter();
        let versions = versions.map(|(at, it)| Ok((reader.address(at.as_str())?, Sequence(it))));
        let versions = versions.collect::<Result<_, Misfit>>()?;
        let inputs = self.inputs.into_iter();
        let inputs = inputs
            .map(|(scope, form)| Ok((reader.scope(scope.as_str())?, read_inputs(form, reader)?)));
        let inputs = inputs.collect::<Result<_, Misfit>>()?;
        let drift = self.drift.into_iter().map(|form| form.read(reader));
        let drift = drift.collect::<Result<_, _>>()?;
        let lifecycles = self.lifecycles.into_iter().map(|form| {
            let (address, uid, lifecycle) = form.read(reader)?;
            Ok(LifecycleRecord { address, uid, lifecycle })
        });
        let lifecycles = lifecycles.collect::<Result<_, Misfit>>()?;
        let phases = self.phases.into_iter().map(|form| form.read(reader));
        let phases = phases.collect::<Result<_, _>>()?;
        let outputs = self.outputs.into_iter();
        let outputs = outputs.map(|(scope, outputs)| {
            Ok((reader.scope(scope.as_str())?, read_outputs(outputs, reader)?))
        });
        Ok(Plan {
            outputs: outputs.collect::<Result<_, Misfit>>()?,
            project: self.project.keep(),
            stage: self.stage.keep(),
            environment: self.environment.map(|it| reader.scope(it.as_str())).transpose()?,
            lineage: Lineage(self.lineage.keep()),
            purpose: self.purpose,
            inputs,
            versions,
            drift,
            lifecycles,
            phases,
        })
    }
}

fn write_inputs<'a>(
    lineage: &Lineage,
    inputs: &'a BTreeMap<Scope, Inputs>,
) -> BTreeMap<Text<'a>, InputsForm<'a>> {
    let forms = inputs.iter().map(|(scope, inputs)| {
        let variables = inputs.variables.iter();
        let variables = variables
            .map(|(name, value)| (name.into(), secret::write(lineage, scope, name, value)))
            .collect();
        let mut form = InputsForm::of(inputs, Mode::Referred);
        form.variables = variables;
        (scope.as_str().into(), form)
    });
    forms.collect()
}

fn read_inputs(mut form: InputsForm<'_>, reader: &mut Reader) -> Result<Inputs, Misfit> {
    let mut variables = Object::new();
    for (name, json) in std::mem::take(&mut form.variables) {
        let name = reader.share(name.as_str());
        let value = secret::read(&name, json, reader)?;
        variables.insert(name, value);
    }
    Ok(Inputs { variables, ..form.read(reader)? })
}

fn write_outputs<'a>(
    (scope, outputs): (&'a Scope, &'a BTreeMap<Arc<str>, PlannedOutput>),
) -> (Text<'a>, Outputs<'a>) {
    let forms = outputs.iter().map(|(name, PlannedOutput { value, prior })| {
        let given = |value| Json::Given(value, Mode::Referred);
        // One that stays as it is has one form, whatever it comes from.
        let prior = prior.as_ref().map(|it| given(if it == value { value } else { it }));
        (name.into(), OutputForm { value: given(value), prior })
    });
    (scope.as_str().into(), forms.collect())
}

fn read_outputs(
    outputs: Outputs<'_>,
    reader: &mut Reader,
) -> Result<BTreeMap<Arc<str>, PlannedOutput>, Misfit> {
    let outputs = outputs.into_iter().map(|(name, OutputForm { value, prior })| {
        let prior = prior.map(|prior| reader.value(prior)).transpose()?;
        let value = reader.value(value)?;
        Ok((reader.share(name.as_str()), PlannedOutput { value, prior }))
    });
    outputs.collect()
}

impl<'a> DriftForm<'a> {
    fn of(drift: &'a Drift) -> DriftForm<'a> {
        let Drift { address, uid, recorded, seen } = drift;
        DriftForm {
            address: Text::of(address),
            uid: Text::from(&uid.0),
            recorded: Json::Given(recorded, Mode::Referred),
            seen: SeenForm::of(seen),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Drift, Misfit> {
        Ok(Drift {
            address: reader.address(self.address.as_str())?,
            uid: Uid(self.uid.keep()),
            recorded: reader.value(self.recorded)?,
            seen: self.seen.read(reader)?,
        })
    }
}

impl<'a> SeenForm<'a> {
    fn of(seen: &'a DriftSeen) -> SeenForm<'a> {
        let given = |attributes| Json::Given(attributes, Mode::Referred);
        match seen {
            DriftSeen::Gone => SeenForm::Gone,
            DriftSeen::Failed { reason, attributes } => {
                SeenForm::Failed { reason: reason.into(), attributes: given(attributes) }
            }
            DriftSeen::Changed { attributes } => {
                SeenForm::Changed { attributes: given(attributes) }
            }
        }
    }

    fn read(self, reader: &mut Reader) -> Result<DriftSeen, Misfit> {
        Ok(match self {
            SeenForm::Gone => DriftSeen::Gone,
            SeenForm::Failed { reason, attributes } => {
                DriftSeen::Failed { reason: reason.keep(), attributes: reader.value(attributes)? }
            }
            SeenForm::Changed { attributes } => {
                DriftSeen::Changed { attributes: reader.value(attributes)? }
            }
        })
    }
}

impl<'a> PhaseForm<'a> {
    fn of(phase: &'a Phase) -> PhaseForm<'a> {
        let Phase { name, operations, on_pass, on_fail } = phase;
        PhaseForm {
            name: name.into(),
            on_pass: NextForm::of(on_pass),
            on_fail: NextForm::of(on_fail),
            operations: Operations::Planned(operations),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Phase, Misfit> {
        Ok(Phase {
            name: reader.share(self.name.as_str()),
            operations: self.operations.read(reader)?,
            on_pass: self.on_pass.read(reader),
            on_fail: self.on_fail.read(reader),
        })
    }
}

impl<'a> NextForm<'a> {
    fn of(next: &'a Next) -> NextForm<'a> {
        match next {
            Next::Phase(name) => NextForm::Phase(name.into()),
            Next::Done => NextForm::Done,
            Next::RolledBack => NextForm::RolledBack,
            Next::Halt => NextForm::Halt,
        }
    }

    fn read(self, reader: &mut Reader) -> Next {
        match self {
            NextForm::Phase(name) => Next::Phase(reader.share(name.as_str())),
            NextForm::Done => Next::Done,
            NextForm::RolledBack => Next::RolledBack,
            NextForm::Halt => Next::Halt,
        }
    }
}
