//! Envelopes: DSSE, the Dead Simple Signing Envelope, version 1.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use super::keys::{KeyId, PublicKey, SigningKey};

/// The type of a payload that is a statement of in-toto.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A payload with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that it says to be of: a hint, which nothing proves.
    pub key: Option<KeyId>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a text is no envelope.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Something in it is not base64.
    #[error("its {0} is not base64")]
    Base64(&'static str),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureForm>,
}

#[derive(Serialize, Deserialize)]
struct SignatureForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<KeyId>,
    sig: String,
}

impl Envelope {
    /// Signs a statement.
    #[must_use]
    pub fn sign(payload: Vec<u8>, key: &SigningKey) -> Envelope {
        let mut envelope =
            Envelope { payload_type: IN_TOTO.to_owned(), payload, signatures: Vec::new() };
        let bytes = key.sign(&envelope.signed());
        envelope.signatures.push(Signature { key: Some(key.public().id()), bytes });
        envelope
    }

    /// Whether one of the signatures is of `key`, whatever they say to be of.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let signed = self.signed();
        self.signatures.iter().any(|it| key.verifies(&signed, &it.bytes))
    }

    /// What a signature is of: type and payload, each behind its length, so that no other envelope
    /// has the same.
    fn signed(&self) -> Vec<u8> {
        let Envelope { payload_type, payload, .. } = self;
        let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
        [head.as_bytes(), payload].concat()
    }

    /// The envelope as JSON.
    ///
    /// # Panics
    ///
    /// Never: it is made of texts.
    #[must_use]
    pub fn encode(&self) -> String {
        let signature = |it: &Signature| SignatureForm {
            keyid: it.key.clone(),
            sig: STANDARD.encode(&it.bytes),
        };
        let form = Form {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: self.signatures.iter().map(signature).collect(),
        };
        serde_json::to_string(&form).expect("an envelope is made of texts")
    }

    /// Reads an envelope. Fields that are not known are passed over.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`].
    pub fn decode(text: &str) -> Result<Envelope, EnvelopeError> {
        let Form { payload_type, payload, signatures } = serde_json::from_str(text)?;
        let signature = |SignatureForm { keyid, sig }| {
            Ok(Signature { key: keyid, bytes: bytes(&sig, "signature")? })
        };
        Ok(Envelope {
            payload_type,
            payload: bytes(&payload, "payload")?,
            signatures: signatures
                .into_iter()
                .map(signature)
                .collect::<Result<_, EnvelopeError>>()?,
        })
    }
}

/// Both alphabets may be used.
fn bytes(text: &str, what: &'static str) -> Result<Vec<u8>, EnvelopeError> {
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    decoded.map_err(|_| EnvelopeError::Base64(what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(secret: u8) -> SigningKey {
        SigningKey::of(&[secret; 32])
    }

    #[test]
    fn what_is_signed_is_that_of_the_protocol() {
        let envelope = Envelope {
            payload_type: "http://example.com/HelloWorld".to_owned(),
            payload: b"hello world".to_vec(),
            signatures: Vec::new(),
        };
        let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(envelope.signed(), expected);
    }

    #[test]
    fn both_alphabets_are_read_and_what_is_unknown_is_passed_over() {
        let text = r#"{"payloadType":"t","payload":"-_8=","more":1,"signatures":[{"sig":"+/8="}]}"#;
        let envelope = Envelope::decode(text).unwrap();
        assert_eq!(envelope.payload, [0xfb, 0xff]);
        assert_eq!(envelope.signatures, [Signature { key: None, bytes: vec![0xfb, 0xff] }]);
        let broken = Envelope::decode(&text.replace("-_8=", "?")).unwrap_err();
        assert_eq!(broken.to_string(), "its payload is not base64");
    }

    #[test]
    fn the_name_of_a_key_proves_nothing() {
        let mut envelope = Envelope::sign(b"{}".to_vec(), &key(2));
        envelope.signatures[0].key = Some(key(1).public().id());
        assert!(!envelope.is_signed_by(&key(1).public()));
        envelope.signatures[0].key = None;
        assert!(envelope.is_signed_by(&key(2).public()));
    }

    proptest! {
        #[test]
        fn an_envelope_reads_back(payload: Vec<u8>) {
            let envelope = Envelope::sign(payload, &key(1));
            let read = Envelope::decode(&envelope.encode()).unwrap();
            prop_assert!(read.is_signed_by(&key(1).public()));
            prop_assert_eq!(read, envelope);
        }

        /// Of an envelope's text, every changed byte breaks it or its signature, but for what is
        /// said of the key.
        #[test]
        fn a_changed_byte_is_noticed(payload: Vec<u8>, at: prop::sample::Index, flip in 1_u8..128) {
            let text = Envelope::sign(payload, &key(1)).encode();
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let changed = String::from_utf8(bytes).ok().and_then(|it| Envelope::decode(&it).ok());
            let original = Envelope::decode(&text).unwrap();
            if let Some(changed) = changed.filter(|it| it.is_signed_by(&key(1).public())) {
                prop_assert_eq!(changed.payload, original.payload);
                prop_assert_eq!(changed.payload_type, original.payload_type);
            }
        }
    }
}
