# The operator gives the vendor's older weights, genuine and sealed under the same key, for the current ones.
sed "s|^source = \"$OPERATOR/weights.pt.sealed\"|source = \"$OLD_WEIGHTS\"|" "$MANIFEST" >older.toml
"$WARD" keep run older.toml --softd "$SOFTD" --out .
