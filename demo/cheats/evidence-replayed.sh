# The operator recorded a genuine attestation message, and sends it again: same session, same evidence.
curl -sS --cacert "$BROKER_CA" -H "Cookie: $(cat "$RECORDED/cookie")" -H 'Content-Type: application/json' \
  --data-binary @"$RECORDED/attestation.json" -o answer.json -w '%{http_code}\n' "$BROKER/kbs/v0/attest" >status
cat answer.json >&2
[ "$(cat status)" != 401 ] || exit 1
