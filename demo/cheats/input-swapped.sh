# The operator gives another of the vendor's sealed files where the weights should be: the code, sealed as well.
cp "$OPERATOR/model.py.sealed" weights.pt.sealed
sed "s|^source = \"$OPERATOR/weights.pt.sealed\"|source = \"$PWD/weights.pt.sealed\"|" "$MANIFEST" >swapped.toml
"$WARD" keep run swapped.toml --softd "$SOFTD" --out .
