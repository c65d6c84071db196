//! A state in the place of one that is lost.

use greenroom_apply::ApplyError;
use greenroom_store::{Holder, StoreError};
use jiff::Timestamp;

use crate::lab::{BEFORE, Lab, simulate};

fn holder() -> Holder {
    Holder::this_process("greenroom reap", None, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_restored_state_is_read_as_any_other_and_never_replaces_one() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        let state = lab.workbench.view(&lab.state()).await.unwrap().state.unwrap();
        let name = "shop/test/again".parse().unwrap();
        lab.workbench.restore(&name, holder(), &state).await.unwrap();
        let restored = lab.workbench.view(&name).await.unwrap();
        assert_eq!((restored.state.as_ref(), restored.holder), (Some(&state), None));
        let again = lab.workbench.restore(&name, holder(), &state).await;
        assert!(matches!(again, Err(ApplyError::Store(StoreError::Exists { .. }))), "{again:?}");
    });
}
