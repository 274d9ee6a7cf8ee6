# The operator makes predictions of its own and seals them to the researcher, whose public key everybody has.
printf 'patient,malignant\nP0001,0\n' >predictions.csv
"$WARD" seal predictions.csv --to "$RECEIVER" --creator ward-keep
