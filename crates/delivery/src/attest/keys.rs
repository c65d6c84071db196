//! Keys: Ed25519, in PEM files as every tool has them (PKCS#8 and SubjectPublicKeyInfo).

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::hex::sha256;

/// Where the key to sign with is given: as PEM text, or as the path of a file with it.
pub const VARIABLE: &str = "GREENROOM_SIGNING_KEY";

/// What names a key: the hash of it that in-toto's own library and TUF's use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

/// A key to sign with.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A key to verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read.
    #[error("cannot read the key `{}`", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{origin} is no {kind} key of Ed25519 in PEM")]
    Malformed {
        /// Where it was given.
        origin: String,
        /// Private or public.
        kind: &'static str,
    },
    /// Its file cannot be written.
    #[error("cannot write the key `{}`; no key was written", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness; no key was written")]
    Random(#[source] io::Error),
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`].
    pub fn generate() -> Result<SigningKey, KeyError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|error| KeyError::Random(io::Error::other(error.to_string())))?;
        Ok(SigningKey::of(&secret))
    }

    pub(super) fn of(secret: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(secret))
    }

    /// The key that was given as PEM text, or by the path of a file with it. Paths start at
    /// `folder`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Read`], [`KeyError::Malformed`]; neither shows the text.
    pub fn given(given: &str, folder: &Path) -> Result<SigningKey, KeyError> {
        if given.contains("-----BEGIN") {
            return SigningKey::parse(given, VARIABLE.to_owned());
        }
        let file = folder.join(given);
        SigningKey::parse(&read(&file)?, format!("`{}`", file.display()))
    }

    fn parse(pem: &str, origin: String) -> Result<SigningKey, KeyError> {
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem.trim());
        key.map(SigningKey).map_err(|_| KeyError::Malformed { origin, kind: "private" })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }

    /// Writes the key into `file`, for its owner alone, and the public one into a file beside it
    /// whose name ends in `.pub`. Neither may be there already.
    ///
    /// # Errors
    ///
    /// [`KeyError::Write`].
    pub fn write(&self, file: &Path) -> Result<PathBuf, KeyError> {
        let public = public_file(file);
        create(file, 0o600, &self.pem())?;
        create(&public, 0o644, &self.public().pem()).inspect_err(|_| {
            // What has no public key beside it would be found by the next attempt and refused.
            let _ = std::fs::remove_file(file);
        })?;
        Ok(public)
    }

    /// PKCS#8 of version 1, without the public key: OpenSSL does not read the other.
    fn pem(&self) -> String {
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).expect("32 bytes have a PEM form").to_string()
    }
}

impl PublicKey {
    /// Reads a public key, or the public part of a private one.
    ///
    /// # Errors
    ///
    /// [`KeyError::Read`], [`KeyError::Malformed`].
    pub fn read(file: &Path) -> Result<PublicKey, KeyError> {
        let pem = read(file)?;
        let origin = format!("`{}`", file.display());
        if pem.contains("PRIVATE KEY") {
            return Ok(SigningKey::parse(&pem, origin)?.public());
        }
        let key = VerifyingKey::from_public_key_pem(pem.trim());
        key.map(PublicKey).map_err(|_| KeyError::Malformed { origin, kind: "public" })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let public: String = self.0.as_bytes().iter().map(|it| format!("{it:02x}")).collect();
        // As canonical JSON, which here is JSON with its keys in order.
        let described =
            json!({ "keytype": "ed25519", "keyval": { "public": public }, "scheme": "ed25519" });
        KeyId(sha256(described.to_string().as_bytes()))
    }

    /// The text of its file.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("32 bytes have a PEM form")
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|it| self.0.verify_strict(message, &it).is_ok())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

fn public_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn read(file: &Path) -> Result<String, KeyError> {
    std::fs::read_to_string(file).map_err(|source| KeyError::Read { file: file.to_owned(), source })
}

fn create(path: &Path, mode: u32, text: &str) -> Result<(), KeyError> {
    let failed = |source| KeyError::Write { file: path.to_owned(), source };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key is of no use.
        let _ = std::fs::remove_file(path);
        failed(source)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::of(&[7; 32])
    }

    #[test]
    fn a_pair_reads_back_and_only_its_owner_reads_the_private_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ci.key");
        let public = key().write(&file).unwrap();
        assert_eq!(public, folder.path().join("ci.key.pub"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let read = SigningKey::given("ci.key", folder.path()).unwrap();
        assert_eq!(read.public(), key().public());
        assert_eq!(PublicKey::read(&public).unwrap(), key().public());
        assert_eq!(PublicKey::read(&file).unwrap(), key().public());
        let text = std::fs::read_to_string(&file).unwrap();
        let given = SigningKey::given(&text, Path::new("/nowhere")).unwrap();
        assert_eq!(given.public(), key().public());
    }

    #[test]
    fn nothing_is_written_over_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ci.key");
        for there in [file.clone(), public_file(&file)] {
            std::fs::write(&there, "there").unwrap();
            let refused = key().write(&file).unwrap_err();
            let KeyError::Write { file, source } = refused else { panic!("{refused:?}") };
            assert_eq!((&file, source.kind()), (&there, io::ErrorKind::AlreadyExists));
            assert_eq!(std::fs::read_to_string(&there).unwrap(), "there");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
            std::fs::remove_file(there).unwrap();
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let refused = SigningKey::given(secret, folder.path()).unwrap_err().to_string();
        assert_eq!(refused, "GREENROOM_SIGNING_KEY is no private key of Ed25519 in PEM");
        assert!(matches!(SigningKey::given("none", folder.path()), Err(KeyError::Read { .. })));
        let file = folder.path().join("x.pub");
        std::fs::write(&file, key().public().pem().replace("MC", "MA")).unwrap();
        assert!(matches!(PublicKey::read(&file), Err(KeyError::Malformed { .. })));
    }

    #[test]
    fn a_signature_is_good_for_its_message_and_key_alone() {
        let (public, other) = (key().public(), SigningKey::of(&[8; 32]).public());
        let signature = key().sign(b"message");
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert!(!other.verifies(b"message", &signature));
        assert!(!public.verifies(b"message", &signature[1..]));
        assert_ne!(public.id(), other.id());
    }
}
