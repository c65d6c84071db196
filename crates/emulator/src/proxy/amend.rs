//! Requests as the servers take them, where that is otherwise than AWS.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::call::Call;

/// The request that asks a server for what `call` asks AWS for.
pub(crate) fn amended(call: &Call) -> Cow<'_, Call> {
    match &*call.action {
        "ModifyInstanceAttribute" => encoded_again(call, "UserData.Value"),
        _ => Cow::Borrowed(call),
    }
}

/// With a parameter in Base64 twice: moto takes the coat that the protocol puts around bytes for
/// the one that user data has of its own.
fn encoded_again<'a>(call: &'a Call, name: &str) -> Cow<'a, Call> {
    let Some(value) = call.parameters.get(name) else { return Cow::Borrowed(call) };
    let mut call = call.clone();
    call.parameters.insert(name.to_owned(), STANDARD.encode(value));
    let form =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.parameters).finish();
    call.body = Bytes::from(form);
    Cow::Owned(call)
}
