//! Changes of the roster.

use std::collections::BTreeMap;

use greenroom_model::roster::{Course, Ending, Mark, Placing, Role, Weight};
use serde::{Deserialize, Serialize};

use crate::format::error::Misfit;
use crate::format::form::{Reader, Text, is_default, time};

/// The form of [`Mark`].
#[derive(Serialize, Deserialize)]
pub(super) struct MarkForm<'a> {
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<Text<'a>, PlacingForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    verified: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    course: Option<CourseForm<'a>>,
}

/// The form of [`Placing`].
#[derive(Serialize, Deserialize)]
struct PlacingForm<'a> {
    role: Role,
    weight: u8,
    #[serde(default, skip_serializing_if = "is_default")]
    admitted: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    retain: Option<Text<'a>>,
}

/// The form of [`Course`]; left out where there is no promotion.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CourseForm<'a> {
    Opens {
        #[serde(borrow)]
        candidate: Text<'a>,
    },
    GoesOn,
    Closes(Ending),
}

impl<'a> MarkForm<'a> {
    pub(super) fn of(mark: &'a Mark) -> MarkForm<'a> {
        let Mark { entries, verified, course } = mark;
        let placed = entries.iter().filter_map(|(scope, placing)| Some((scope, (*placing)?)));
        let forgotten = entries.iter().filter(|(_, placing)| placing.is_none());
        MarkForm {
            entries: placed
                .map(|(scope, it)| (scope.as_str().into(), PlacingForm::of(it)))
                .collect(),
            forgotten: forgotten.map(|(scope, _)| scope.as_str().into()).collect(),
            verified: *verified,
            course: match course {
                Course::Unconcerned => None,
                Course::Opens { candidate } => {
                    Some(CourseForm::Opens { candidate: candidate.as_str().into() })
                }
                Course::GoesOn => Some(CourseForm::GoesOn),
                Course::Closes(ending) => Some(CourseForm::Closes(*ending)),
            },
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Mark, Misfit> {
        let mut entries = BTreeMap::new();
        for (scope, placing) in self.entries {
            entries.insert(reader.scope(scope.as_str())?, Some(placing.read()?));
        }
        for scope in self.forgotten {
            entries.insert(reader.scope(scope.as_str())?, None);
        }
        let course = match self.course {
            None => Course::Unconcerned,
            Some(CourseForm::Opens { candidate }) => {
                Course::Opens { candidate: reader.scope(candidate.as_str())? }
            }
            Some(CourseForm::GoesOn) => Course::GoesOn,
            Some(CourseForm::Closes(ending)) => Course::Closes(ending),
        };
        Ok(Mark { entries, verified: self.verified, course })
    }
}

impl PlacingForm<'_> {
    fn of(placing: Placing) -> PlacingForm<'static> {
        let Placing { role, weight, admitted, retain } = placing;
        PlacingForm { role, weight: weight.percent(), admitted, retain: retain.map(time::write) }
    }

    fn read(self) -> Result<Placing, Misfit> {
        Ok(Placing {
            role: self.role,
            weight: Weight::new(self.weight).ok_or(Misfit::Weight(self.weight))?,
            admitted: self.admitted,
            retain: self.retain.as_ref().map(time::read).transpose()?,
        })
    }
}
