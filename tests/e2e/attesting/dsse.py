"""Verifies an envelope, or signs a payload, with in-toto's own library.

verify PUBLIC_KEY ENVELOPE: prints the payload if the signature is right.
sign PRIVATE_KEY PAYLOAD: prints the envelope.
"""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

IN_TOTO = "application/vnd.in-toto+json"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verify(key, envelope):
    public = SSlibKey.from_crypto(load_pem_public_key(read(key)))
    envelope = Envelope.from_dict(json.loads(read(envelope)))
    assert envelope.payload_type == IN_TOTO, envelope.payload_type
    envelope.verify([public], 1)
    sys.stdout.buffer.write(envelope.payload)


def sign(key, payload):
    signer = CryptoSigner(load_pem_private_key(read(key), None))
    envelope = Envelope(read(payload), IN_TOTO, {})
    envelope.sign(signer)
    json.dump(envelope.to_dict(), sys.stdout)


{"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])
