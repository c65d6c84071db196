//! References by which expressions name objects and their attributes, and values that are pending
//! because only an object's provider can give them.

use std::sync::Arc;

use crate::address::{Address, InstanceKey, Mode};
use crate::expr::{Expr, Selector};
use crate::span::Span;
use crate::value::{Path, Step, Value};

/// The reference by which expressions of the same scope name an instance.
#[must_use]
pub fn instance_reference(address: &Address) -> Expr {
    let block = &address.block;
    let (root, names): (Arc<str>, Vec<Arc<str>>) = match block.mode {
        Mode::Managed => (block.kind.clone(), vec![block.name.clone()]),
        Mode::Data => ("data".into(), vec![block.kind.clone(), block.name.clone()]),
    };
    let reference = Arc::new(Expr::reference(root, names));
    let key = match &address.key {
        InstanceKey::Only => return Arc::unwrap_or_clone(reference),
        InstanceKey::Index(index) => Value::from(*index),
        InstanceKey::Name(name) => Value::String(name.clone()),
    };
    let index = Selector::Index(Arc::new(Expr::literal(key, Span::default())));
    Expr::select(reference, vec![index], Span::default())
}

/// The reference by which expressions of the same scope name an attribute.
#[must_use]
pub fn attribute_reference(address: &Address, attribute: &Arc<str>) -> Expr {
    Expr::select(
        Arc::new(instance_reference(address)),
        vec![Selector::Attribute(attribute.clone())],
        Span::default(),
    )
}

/// An attribute that only the provider can give, before it has.
#[must_use]
pub fn pending_attribute(address: &Address, attribute: &Arc<str>) -> Value {
    Value::pending(attribute_reference(address, attribute))
}

/// A part of an object's attributes that only the provider can give, before it has.
#[must_use]
pub fn pending_part(address: &Address, part: &Path) -> Value {
    let selector = |step: &Step| match step {
        Step::Key(name) => Selector::Attribute(name.clone()),
        Step::Index(index) => {
            let index = Value::from(u32::try_from(*index).unwrap_or(u32::MAX));
            Selector::Index(Arc::new(Expr::literal(index, Span::default())))
        }
    };
    let selectors = part.0.iter().map(selector).collect();
    Value::pending(Expr::select(Arc::new(instance_reference(address)), selectors, Span::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_it_is_parsed() {
        let address: Address = r#"front/aws_route53_record.www["r1"]"#.parse().expect("an address");
        let reference = attribute_reference(&address, &"id".into());
        let parsed = Expr::reference("aws_route53_record", ["www", "r1", "id"]);
        assert_eq!(reference, parsed, "a plan that is read again is the plan that was written");
    }

    #[test]
    fn a_part_is_named_by_its_path() {
        let address: Address = "pr/aws_instance.web[2]".parse().expect("an address");
        let part: Path = "root_block_device[0].volume_id".parse().expect("a path");
        let Value::Pending(residual) = pending_part(&address, &part) else { panic!("pending") };
        assert_eq!(residual.to_string(), "aws_instance.web[2].root_block_device[0].volume_id");
    }
}
