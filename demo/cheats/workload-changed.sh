# The operator changes one line of the program that was approved: it would put the records out.
cp "$INFER" infer.py
echo 'print((inputs / "records.csv").read_text())' >>infer.py
sed "s|^source = \"$INFER\"|source = \"$PWD/infer.py\"|" "$MANIFEST" >changed.toml
"$WARD" keep run changed.toml --softd "$SOFTD" --out .
