# The operator sets one environment variable more: the loader would run a library of the operator's first.
sed 's|^\[environment\]|&\nLD_PRELOAD = "/app/spy.so"|' "$MANIFEST" >injected.toml
"$WARD" keep run injected.toml --softd "$SOFTD" --out .
