# The operator presents another session's genuine evidence in a session of its own, with that one's nonce.
ask() { curl -sS --cacert "$BROKER_CA" -H 'Content-Type: application/json' "$@"; }
nonce_of() { grep -o '"nonce": *"[^"]*"' "$1" | head -n 1 | cut -d '"' -f 4; }
ask -c cookies -o challenge.json -d '{"version":"0.4.0","tee":"sgx","extra-params":{}}' "$BROKER/kbs/v0/auth"
message=$(cat "$RECORDED/attestation.json")
echo "${message/"$(nonce_of "$RECORDED/attestation.json")"/"$(nonce_of challenge.json)"}" >relayed.json
status=$(ask -b cookies -o answer.json -w '%{http_code}' --data-binary @relayed.json "$BROKER/kbs/v0/attest")
cat answer.json >&2
[ "$status" != 401 ] || exit 1
