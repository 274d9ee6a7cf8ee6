# The operator makes a platform of its own, with a root that nobody trusts, and runs the approved workload there.
"$WARD" dev init platform >/dev/null
"$WARD" keep run "$MANIFEST" --device platform --out .
