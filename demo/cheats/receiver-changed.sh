# The operator names itself as the receiver of the predictions.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out operator.pem 2>/dev/null
key=$(openssl pkey -in operator.pem -pubout -outform DER | base64 -w 0)
sed "s|^receiver = .*|receiver = \"$key\"|" "$MANIFEST" >receiver.toml
"$WARD" keep run receiver.toml --softd "$SOFTD" --out .
