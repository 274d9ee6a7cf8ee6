#!/usr/bin/env python3
"""The other side of the interoperability tests, by jwcrypto and PyJWT (Debian: python3-jwcrypto, python3-jwt).

jose.py probe                    exits 0 where jwcrypto is there
jose.py open KEY.der JWE         prints the plaintext of a flattened or compact JWE
jose.py open15 KEY.der JWE       the same, of RSA1_5, which jwcrypto opens only where it is named
jose.py open01 KEY.der JWE       prints the plaintext of what KBS protocol 0.1 has for a JWE (RSA1_5)
jose.py seal KEY.der ALG TEXT    prints {"flattened":..., "compact":...} to the key
jose.py verify KEY.der ALG JWS   prints the payload
jose.py sign KEY.der ALG TEXT    prints a compact JWS
jose.py jwk KEY.der              prints {"jwk":..., "thumbprint":...} of the public key
jose.py claims JWKS ALG JWT ISSUER AUDIENCE
                                 prints the claims of a JWT as PyJWT verifies it, whose times are not now's
"""
import base64
import json
import sys

import jwt
from jwcrypto import jwe, jwk, jws


def key_of(path):
    der = base64.encodebytes(open(path, "rb").read())
    return jwk.JWK.from_pem(b"-----BEGIN PRIVATE KEY-----\n" + der + b"-----END PRIVATE KEY-----\n")


def claims(keys, alg, token, issuer, audience):
    text = open(token).read()
    kid = jwt.get_unverified_header(text)["kid"]
    key = next(k for k in jwt.PyJWKSet.from_json(open(keys).read()).keys if k.key_id == kid)
    never = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(text, key.key, algorithms=[alg], issuer=issuer, audience=audience, options=never)


def open_0_1(key, reply):
    """open_0_1 is by the words of the protocol's page: plain header, no AAD, the tag behind the ciphertext."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    octets = {name: base64.urlsafe_b64decode(reply[name] + "==") for name in ("encrypted_key", "iv", "ciphertext")}
    if json.loads(reply["protected"]) != {"alg": "RSA1_5", "enc": "A256GCM"} or reply["tag"] != "":
        sys.exit("not of the form")
    content_key = key.get_op_key("decrypt").decrypt(octets["encrypted_key"], padding.PKCS1v15())
    return AESGCM(content_key).decrypt(octets["iv"], octets["ciphertext"], None)


def main(verb, *rest):
    if verb == "probe":
        return
    if verb == "claims":
        print(json.dumps(claims(*rest)))
        return
    key = key_of(rest[0])
    if verb == "open":
        token = jwe.JWE()
        token.deserialize(open(rest[1]).read(), key)
        sys.stdout.buffer.write(token.payload)
    elif verb == "open15":
        token = jwe.JWE(algs=["RSA1_5", "A256GCM"])
        token.deserialize(open(rest[1]).read(), key)
        sys.stdout.buffer.write(token.payload)
    elif verb == "open01":
        sys.stdout.buffer.write(open_0_1(key, json.load(open(rest[1]))))
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
