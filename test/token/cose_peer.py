#!/usr/bin/env python3
"""Another implementation of COSE_Sign1 reads our results: pycose, on the CBOR of cbor2.

cose_peer.py probe                exits 0 where both are there
cose_peer.py verify KEY.pem CWT   prints {"alg":..., "kid":..., "typ":..., "claims":...} of a message that the public key
                                  signed; exits 9 where it did not. Keys of maps are written as text.
"""
import json
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pycose.headers import KID, Algorithm
from pycose.keys import EC2Key, OKPKey
from pycose.keys.curves import P256, P384, Ed25519
from pycose.messages import CoseMessage


def key_of(path):
    key = load_pem_public_key(open(path, "rb").read())
    if isinstance(key, Ed25519PublicKey):
        return OKPKey(crv=Ed25519, x=key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    numbers, octets = key.public_numbers(), key.key_size // 8
    return EC2Key(crv={256: P256, 384: P384}[key.key_size], x=numbers.x.to_bytes(octets, "big"),
                  y=numbers.y.to_bytes(octets, "big"))


def plain(value):
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def main(verb, *rest):
    if verb == "probe":
        return
    message = CoseMessage.decode(open(rest[1], "rb").read())
    message.key = key_of(rest[0])
    if not message.verify_signature():
        sys.exit(9)
    print(json.dumps({"alg": message.phdr[Algorithm].fullname, "kid": message.phdr[KID].decode(),
                      "typ": cbor2.loads(message.phdr_encoded)[16], "claims": plain(cbor2.loads(message.payload))}))


main(*sys.argv[1:])
