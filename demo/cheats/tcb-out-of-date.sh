# The operator runs the approved workload on a genuine machine of the trusted maker, but with old firmware.
"$WARD" keep run "$MANIFEST" --softd "$SOFTD_OLD" --out .
