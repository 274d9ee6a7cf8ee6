# The operator runs a workload that the vendor approved, but the hospital, whose records it would read, did not.
"$WARD" keep run "$VENDOR_ONLY_MANIFEST" --softd "$SOFTD" --out .
