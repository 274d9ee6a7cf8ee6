#!/usr/bin/env python3
"""The other side of the interoperability tests, by jwcrypto (Debian: python3-jwcrypto).

jose.py probe                    exits 0 where jwcrypto is there
jose.py open KEY.der JWE         prints the plaintext of a flattened or compact JWE
jose.py seal KEY.der ALG TEXT    prints {"flattened":..., "compact":...} to the key
jose.py verify KEY.der ALG JWS   prints the payload
jose.py sign KEY.der ALG TEXT    prints a compact JWS
jose.py jwk KEY.der              prints {"jwk":..., "thumbprint":...} of the public key
"""
import base64
import json
import sys

from jwcrypto import jwe, jwk, jws


def key_of(path):
    der = base64.encodebytes(open(path, "rb").read())
    return jwk.JWK.from_pem(b"-----BEGIN PRIVATE KEY-----\n" + der + b"-----END PRIVATE KEY-----\n")


def main(verb, *rest):
    if verb == "probe":
        return
    key = key_of(rest[0])
    if verb == "open":
        token = jwe.JWE()
        token.deserialize(open(rest[1]).read(), key)
        sys.stdout.buffer.write(token.payload)
    elif verb == "seal":
        header = json.dumps({"alg": rest[1], "enc": "A256GCM"})
        out = {}
        for form in ("flattened", "compact"):
            token = jwe.JWE(rest[2].encode(), header)
            token.add_recipient(key)
            out[form] = token.serialize(compact=form == "compact")
        print(json.dumps(out))
    elif verb == "verify":
        token = jws.JWS()
        token.allowed_algs = [rest[1]]
        token.deserialize(open(rest[2]).read(), key)
        sys.stdout.buffer.write(token.payload)
    elif verb == "sign":
        token = jws.JWS(rest[2].encode())
        token.add_signature(key, None, json.dumps({"alg": rest[1]}))
        print(token.serialize(compact=True), end="")
    elif verb == "jwk":
        print(json.dumps({"jwk": json.loads(key.export_public()), "thumbprint": key.thumbprint()}))
    else:
        sys.exit("usage")


main(*sys.argv[1:])
