//! A permission that is missing.

use greenroom_emulator::{Fault, Rule};

use crate::cloud::Shop;

#[test]
fn a_missing_permission_is_named_once_and_an_apply_goes_on_when_it_is_there() {
    let shop = Shop::new();
    let denied = Fault::Refuse {
        code: "UnauthorizedOperation".to_owned(),
        message: "You are not authorized to perform this operation.".to_owned(),
        status: 403,
    };
    shop.account.inject(Rule::on("ec2:RunInstances", denied).times(u32::MAX));
    let ran = shop.expect(1, &["apply", "dns", "--yes", "--var", "web_count=4"]);
    let said = ran.stdout + &ran.stderr;
    assert_eq!(said.matches("the permission `ec2:RunInstances` is missing").count(), 1, "{said}");
    assert_eq!(said.matches("failed after").count(), 4, "{said}");
    assert_eq!(said.matches("in the world: nothing was changed").count(), 1, "{said}");
    shop.account.clear_faults();
    shop.expect(0, &["apply", "dns", "--yes", "--var", "web_count=4"]);
    shop.expect(0, &["plan", "dns", "--detailed-exitcode", "--var", "web_count=4"]);
}
