#!/usr/bin/env python3
"""check_proof.py PROOF.json KEY: checks a ledger proof with nothing of ward's (docs/formats/ledger.md)."""
import base64, hashlib, json, subprocess, sys, tempfile

def fail(why):
    sys.exit("refused: " + why)
def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()
proof = json.load(open(sys.argv[1]))
name, key_id, key = sys.argv[2].split("+", 2)
public = base64.b64decode(key, validate=True)
if sha(name.encode(), b"\n", public)[:4].hex() != key_id or public[0] != 1 or len(public) != 33:
    fail("key text")
text, _, signatures = proof["checkpoint"].partition("\n\n")  # the signed text ends in one line end
origin, size, root = text.split("\n")[:3]
if origin != name or int(size) != proof["size"]:
    fail("checkpoint of another log or size")
line = [s.split(" ") for s in signatures.splitlines() if s.startswith("\u2014 " + name + " ")][0]
signature = base64.b64decode(line[2], validate=True)
with tempfile.TemporaryDirectory() as folder:
    der = bytes.fromhex("302a300506032b6570032100") + public[1:]  # SubjectPublicKeyInfo, RFC 8410
    for file, data in (("key", der), ("sig", signature[4:]), ("text", (text + "\n").encode())):
        open(f"{folder}/{file}", "wb").write(data)
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder + "/key",
                           "-rawin", "-in", folder + "/text", "-sigfile", folder + "/sig"], capture_output=True)
if signature[:4].hex() != key_id or done.returncode != 0:
    fail("checkpoint signature")
node, index, last = sha(b"\0", base64.b64decode(proof["leaf"], validate=True)), proof["index"], int(size) - 1
for step in map(bytes.fromhex, proof["path"]):  # RFC 9162 section 2.1.3.2
    if index % 2 or index == last:
        node = sha(b"\1", step, node)
        while index and not index % 2:
            index, last = index // 2, last // 2
    else:
        node = sha(b"\1", node, step)
    index, last = index // 2, last // 2
if last != 0 or node != base64.b64decode(root, validate=True):
    fail("the path leads to another root")
print("proved: leaf", proof["index"], "of", size)
