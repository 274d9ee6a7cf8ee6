# What takes long and is not in CI: fuzzing and soak. Sourced by ./run.

# fuzz_one NAME SEEDS SECONDS: new inputs are kept in build/fuzz/corpus, findings in build/fuzz/findings.
fuzz_one() {
  local name=$1 seeds=$2 seconds=$3 corpus=build/fuzz/corpus/$1 log=$logs/fuzz-$1.log
  mkdir -p "$corpus" build/fuzz/findings "$logs"
  if build/fuzz/test-bin/"$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=25 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" "$corpus" "$seeds" >"$log" 2>&1; then
    note "fuzz $name: nothing found in $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
  else
    tail -n 30 "$log" >&2
    note "fuzz $name: found something; put build/fuzz/findings/$name-* into $seeds and mend it"
    return 1
  fi
}

# fuzz_all SECONDS [NAME]
fuzz_all() {
  local seconds=$1 only=${2:-} name seeds status=0 found=''
  while IFS=$'\t' read -r name seeds _; do
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    found=yes
    fuzz_one "$name" "$seeds" "$seconds" || status=1
  done <build/fuzz/fuzzers.tsv
  [ -n "$found" ] || no_such_target "$only"
  return $status
}

no_such_target() { fail 2 "no such fuzz target: $1" "$(cut -f1 build/fuzz/fuzzers.tsv | tr '\n' ' ')"; }

# need_seconds WORD: a usage mistake ends before anything is installed or built.
need_seconds() {
  case $1 in
    '' | 0 | *[!0-9]*) fail 2 "not a number of seconds: $1" "as in: ./run $command 30" ;;
  esac
}

# build_fuzz [NAME]: one target, or all of them.
build_fuzz() {
  local only=${1:-}
  need_packages build sanitize
  configure fuzz
  [ -z "$only" ] || cut -f1 build/fuzz/fuzzers.tsv | grep -qxF -e "$only" || no_such_target "$only"
  build_or_fail fuzz "${only:-ward_fuzzers}" "${only:-fuzz targets}"
}

run_fuzz() {
  local name='' seconds=60
  case ${1:-} in
    '' | *[!0-9]*) name=${1:-} && seconds=${2:-60} ;;
    *) seconds=$1 ;;
  esac
  need_seconds "$seconds"
  build_fuzz "$name"
  fuzz_all "$seconds" "$name" || fail 1 "fuzzing found something" "the inputs are in build/fuzz/findings"
}

# record COMMAND RESULT: one row of docs/assurance.md, for the commit that run_soak began with ($soaked).
record() {
  printf '| %s | %s | `%s` | %s |\n' "$(date -u +%Y-%m-%d)" "$soaked" "$1" "$2" >>docs/assurance.md
}

# soak_seal: a file of 300 MB is sealed and opened in 128 MiB of address space.
soak_seal() {
  local ward=$root/build/release/bin/ward folder status=0
  folder=$(mktemp -d "$root/build/soak-XXXXXX")  # a disk: /tmp may be memory
  head -c 300000000 /dev/urandom >"$folder/big"
  "$ward" key new --kind resource -o "$folder/key" >/dev/null
  (
    ulimit -v 131072
    "$ward" seal "$folder/big" --resource soak/data/big --key "$folder/key" >/dev/null &&
      "$ward" open "$folder/big.sealed" --resource-key "$folder/key" -o "$folder/out" >/dev/null
  ) && cmp "$folder/big" "$folder/out" || status=1
  rm -rf "$folder"
  return $status
}

# soak_peer PROGRAM PEER [ARGS]: re-signed platforms of a seed of today, judged by a peer as well.
soak_peer() {
  local program=$1 peer=$2 count=100000 command
  shift 2
  command="test/differential/compare.py $program $(date -u +%Y-%m-%d) $count --peer $peer $*"
  if .venv/bin/python ${command/$program/build/release/test-bin/$program} >&2; then
    record "$command" "every disagreement with $peer explained"
  else
    record "$command" "a disagreement, or no $peer"
    return 1
  fi
}

# build_rust_peer: test/differential/sev with the cargo in PATH (Debian 12: cargo-web), 1.85 or newer: a minute
# and a half, and 100 crates, so that the soak alone has it. Crates are pinned by Cargo.lock; all that cargo
# writes stays in build/rust.
build_rust_peer() {
  local dir=$root/build/rust
  mkdir -p "$logs" "$dir"
  CARGO_HOME="$dir/home" CARGO_TARGET_DIR="$dir" cargo build -q --release --locked \
    --manifest-path test/differential/sev/Cargo.toml >"$logs/sev.log" 2>&1
}

soak_differential() {
  local status=0
  soak_peer ward-resigned dcap-qvl || status=1
  soak_peer ward-resigned go-tdx-guest --face tdx_4 || status=1
  soak_peer ward-resigned-snp go-sev-guest || status=1
  if ! have cargo; then
    note "no cargo 1.85 or newer (apt-get install cargo-web): the crate sev judges nothing"
  elif build_rust_peer; then
    soak_peer ward-resigned-snp sev || status=1
  else
    note "the crate sev could not be built ($logs/sev.log): it judges nothing"
    status=1
  fi
  return $status
}

# soak_p384 [CASES]: so many signatures (a million) from a seed of today, judged by AWS-LC and by OpenSSL.
soak_p384() {
  local seed cases=${1:-1000000} status=0 result="no disagreement with OpenSSL"
  seed=$(date -u +%Y-%m-%d)
  WARD_REQUIRE=${WARD_REQUIRE:-},engines WARD_P384_SEED=$seed WARD_P384_CASES=$cases build/release/test-bin/ward_crypto_p384_test \
    --gtest_filter='All/P384Part.*' >"$logs/soak-p384.log" 2>&1 ||
    status=1 result="a disagreement, or no AWS-LC: see build/log/soak-p384.log"
  record "WARD_P384_SEED=$seed WARD_P384_CASES=$cases ward_crypto_p384_test" "$result"
  return $status
}

# run_soak [SECS]: so long for each fuzz target, and each test once for every minute of it, ten times at most.
run_soak() {
  local seconds=${1:-600} status=0 result times
  need_seconds "$seconds"
  soaked=$(git describe --always --dirty --exclude '*')  # before the first row changes the tree
  times=$((seconds / 60))
  [ $times -ge 1 ] || times=1
  [ $times -le 10 ] || times=10
  build_fuzz
  fuzz_all "$seconds" || status=1
  result=$([ $status -eq 0 ] && echo "nothing found" || echo "findings, see build/fuzz/findings")
  record "./run soak $seconds (fuzz, $seconds s for each of $(wc -l <build/fuzz/fuzzers.tsv) targets)" "$result"
  result="90 % or more of every parser's lines"
  (run_coverage) || status=1 result="less than 90 % of a parser's lines"
  record "./run coverage" "$result"
  build_tests
  if soak_seal; then
    record "./run soak $seconds (300 MB sealed and opened in 128 MiB)" "equal"
  else
    record "./run soak $seconds (300 MB sealed and opened in 128 MiB)" "a failure"
    status=1
  fi
  soak_differential || status=1
  soak_p384 || status=1
  result="all passed"
  run_ctest release --repeat until-fail:$times || status=1 result="a failure"
  record "./run soak $seconds (every release test, times: $times)" "$result"
  [ $status -eq 0 ] || fail 1 "the soak found something" "docs/assurance.md has the row"
}
