"""A client of the KBS protocol, written from its page (docs/protocols/kbs.md names the sources): the standard library
for HTTP and digests, jwcrypto and cryptography for keys. Nothing of it is ward's."""
import base64
import hashlib
import http.client
import json
import re
import ssl

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwcrypto import jwe, jwk

PATIENCE_S = 60
ROOT = "/kbs/v0"


class Refused(Exception):
    """Refused is a reply that is no 200: its status, and what the server says."""

    def __init__(self, status, body):
        self.status = status
        self.body = body
        told = json.loads(body) if body.startswith(b"{") else {}
        self.variant = told.get("type", "").rsplit("/", 1)[-1]
        self.detail = told.get("detail", "")
        super().__init__(f"{status} {self.variant}: {self.detail}")


def new_key(alg, curve="P-256"):
    """new_key is a key pair of the TEE, for `alg`."""
    if alg.startswith("RSA"):
        return jwk.JWK.generate(kty="RSA", size=2048, alg=alg)
    return jwk.JWK.generate(kty="EC", crv=curve, alg=alg)


def public(key):
    """public is the tee-pubkey: no member but those of the protocol."""
    members = json.loads(key.export_public())
    return {name: members[name] for name in ("kty", "crv", "alg", "x", "y", "n", "e") if name in members}


def canonical(value):
    """canonical is RFC 8785 of what only holds ASCII texts and objects."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Client:
    """Client goes through one session; `cafile` is the server's certificate."""

    def __init__(self, address, cafile, version="0.4.0", key=None):
        host, port = address.rsplit(":", 1)
        context = ssl.create_default_context(cafile=cafile)
        self.connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=PATIENCE_S)
        self.version = version
        self.key = key or new_key("ECDH-ES+A256KW")
        self.cookie = None
        self.nonce = None
        self.token = None
        self.lease = None  # (id, end, seconds) of the last resource, where it was released for a time

    def close(self):
        self.connection.close()

    def ask(self, method, path, body=None, **headers):
        """ask returns the body of a reply with status 200 and raises Refused for every other."""
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body=body, headers={"Content-Type": "application/json", **headers})
        reply = self.connection.getresponse()
        octets = reply.read()
        cookie = reply.getheader("Set-Cookie")
        if cookie and cookie.startswith("kbs-session-id="):
            self.cookie = cookie.split(";")[0]
        self._read_lease(reply)
        if reply.status != 200:
            raise Refused(reply.status, octets)
        return octets

    def auth(self, tee):
        params = {"supported-hash-algorithms": ["sha384"]} if self.version == "0.4.0" else ""
        told = json.loads(self.ask("POST", ROOT + "/auth", {"version": self.version, "tee": tee, "extra-params": params}))
        self.nonce = told["nonce"]
        assert len(base64.b64decode(self.nonce, validate=True)) == 32
        assert told["extra-params"] == ""
        return self.nonce

    def bound(self, additional=""):
        """bound is the report data of 64 octets for the primary evidence."""
        what = {"nonce": self.nonce, "tee-pubkey": public(self.key)}
        if self.version == "0.4.0":
            what["additional-evidence"] = additional
        return hashlib.sha384(canonical(what)).digest() + bytes(16)

    def message(self, evidence, additional="", init_data=None):
        if self.version == "0.4.0":
            return {"init-data": init_data,
                    "runtime-data": {"nonce": self.nonce, "tee-pubkey": public(self.key)},
                    "tee-evidence": {"primary_evidence": evidence, "additional_evidence": additional}}
        wrapped = json.dumps(evidence) if self.version == "0.1.1" else evidence
        return {"tee-pubkey": public(self.key), "tee-evidence": wrapped}

    def attest(self, evidence, **more):
        self.token = json.loads(self.ask("POST", ROOT + "/attest", self.message(evidence, **more)))["token"]
        return self.token

    def claims(self):
        return json.loads(unpadded(self.token.split(".")[1]))

    def resource(self, path, **headers):
        """resource is the plaintext of what the server releases."""
        return self.open(self.ask("GET", f"{ROOT}/resource/{path}", **headers))

    def _read_lease(self, reply):
        told = reply.getheader("Ward-Lease")
        self.lease = tuple(re.fullmatch("([^;]+); until=([^;]+); seconds=([0-9]+)", told).groups()) if told else None

    def open(self, body):
        reply = json.loads(body)
        assert list(reply) == ["protected", "encrypted_key", "iv", "ciphertext", "tag"], list(reply)
        if self.version == "0.1.1":
            return self.open_0_1(reply)
        header = unpadded(reply["protected"])
        # What Trustee's client authenticates: its own writing of the header, alg and enc first, then sorted.
        parsed = json.loads(header)
        rest = {name: parsed[name] for name in sorted(parsed) if name not in ("alg", "enc")}
        again = {"alg": parsed["alg"], "enc": parsed["enc"], **{n: dict(sorted(v.items())) for n, v in rest.items()}}
        assert json.dumps(again, separators=(",", ":")).encode() == header, header
        assert parsed["alg"] == public(self.key)["alg"] and parsed["enc"] == "A256GCM"
        token = jwe.JWE(algs=[parsed["alg"], "A256GCM"])
        token.deserialize(json.dumps(reply), self.key)
        return token.payload

    def open_0_1(self, reply):
        assert json.loads(reply["protected"]) == {"alg": "RSA1_5", "enc": "A256GCM"} and reply["tag"] == ""
        content_key = self.key.get_op_key("decrypt").decrypt(unpadded(reply["encrypted_key"]), padding.PKCS1v15())
        return AESGCM(content_key).decrypt(unpadded(reply["iv"]), unpadded(reply["ciphertext"]), None)
