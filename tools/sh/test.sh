# Tests. Sourced by ./run.

# show_ctest: ctest's lines; a passed test is progress, the rest passes through.
show_ctest() {
  sed -u -E -e '/^ +Start +[0-9]+: /d' \
    -e 's/^ *([0-9]+)\/([0-9]+) Test +#[0-9]+: .* Passed +[0-9.]+ sec *$/@progress \1 \2/' |
    progress "tests ($1)"
}

# run_ctest PRESET ARGS: in CI a test that was skipped or not run is a failure.
run_ctest() {
  local preset=$1 log=$logs/ctest-$1.log status=0
  shift
  mkdir -p "$logs"
  rm -rf "build/$preset/cases"
  ctest --preset "$preset" -j "$jobs" "$@" 2>&1 | tee "$log" | show_ctest "$preset" || status=1
  if [ -n "${CI:-}" ] && grep -E '\*\*\*(Skipped|Not Run)' "$log" >&2; then
    note "in CI a skipped test is a failed test: the ones above"
    status=1
  fi
  grep -E '% tests passed' "$log" >&3 || status=1
  python3 tools/cases.py "build/$preset/cases" >&3 || status=1
  return $status
}

# run_report: the table of vectors judged.
run_report() {
  python3 tools/report.py "$WARD_REPORT" >&3
}

# need_wheels: Tink's own wheel, dcap-qvl's and pycose's, which judge the same as we, schemathesis, and Go's; without a network their
# tests are skipped.
need_wheels() {
  [ -x .venv/bin/go ] && .venv/bin/python -c 'import tink, dcap_qvl, mypy, pycose, schemathesis' 2>/dev/null && return
  mkdir -p "$logs"
  if ! { /usr/bin/python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r tools/requirements.txt; } >"$logs/wheels.log" 2>&1; then
    note "the wheels of tools/requirements.txt could not be installed ($logs/wheels.log): their tests are skipped"
  fi
}

# build_go_peer FOLDER PROGRAM: test/differential/FOLDER with the wheel's Go, whatever go is in PATH. Modules
# are pinned by go.sum; all that Go writes stays in build/go.
build_go_peer() {
  local go=$root/.venv/bin/go dir=$root/build/go
  [ -x "$go" ] || return 0
  mkdir -p "$logs" "$dir"
  if ! (
    cd "test/differential/$1"
    env GOENV=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' CGO_ENABLED=0 \
      GOPATH="$dir/path" GOMODCACHE="$dir/path/pkg/mod" GOCACHE="$dir/cache" XDG_CONFIG_HOME="$dir/config" \
      "$go" build -trimpath -ldflags='-s -w' -o "$dir/$2" .
  ) >"$logs/$1.log" 2>&1; then
    note "$2 could not be built ($logs/$1.log): its tests are skipped"
  fi
}

# need_peers: the verifiers that ward is compared with, and the evidence of real hardware that they carry.
need_peers() {
  need_wheels
  build_go_peer gotdx ward-go-tdx-guest
  build_go_peer gosev ward-go-sev-guest
  open_crates >"$logs/crates.log" 2>&1 || note "samples of real evidence could not be fetched ($logs/crates.log)"
}

# need_provider: the provider of OpenID Connect that test/sign_in runs, of the versions and digests in its lock
# file, into build/oidc-provider; once it is there no network is needed.
need_provider() {
  local from=test/sign_in/provider dir=$root/build/oidc-provider
  cmp -s "$from/package-lock.json" "$dir/installed-lock" && return
  { have node && have npm; } || need_packages node
  mkdir -p "$dir" "$logs"
  if ! { cp "$from/package.json" "$from/package-lock.json" "$dir/" &&
    (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund) &&
    cp "$from/package-lock.json" "$dir/installed-lock"; } >"$logs/provider.log" 2>&1; then
    note "the provider of sign-in's tests could not be installed ($logs/provider.log): they are skipped"
  fi
}

# build_tests: everything that the release tests need.
build_tests() {
  need_packages build test wheel
  need_packages_beside demo
  build_ward
  need_wheels
  need_provider
  build_go_peer gotdx ward-go-tdx-guest
  build_go_peer gosev ward-go-sev-guest
  build_or_fail release all "everything"
  build_or_fail release ward_wheel "the Python wheel"
  wait_background
  open_crates >"$logs/crates.log" 2>&1 ||
    note "samples of real evidence could not be fetched ($logs/crates.log): their tests are skipped"
}

test_release() {
  build_tests
  export WARD_REPORT=$root/build/release/report.tsv
  : >"$WARD_REPORT"
  local status=0
  run_ctest release "$@" || status=1
  run_report || status=1
  return $status
}

# The parts that read what others send, and judge it, beside every folder of tee/: their tests and fuzz replays
# run under ASan and UBSan in CI. Not here: the keep (its agent is a static program, which ASan cannot instrument)
# and the parts behind it, the cases of the development platform, which are judged thousands of times over, and
# the TPM's attester; `./run soak` and a developer build what they need with `cmake --preset asan`.
asan_parts='base codec crypto pki attest advisory explain explain_files library library_threads seal dcap_vectors dcap_checks snp_vectors snp_checks conformance composite lessons snp_lessons protocol token verifier verifier_threads warm_threads refval broker broker_threads server'
asan_fuzz='codec crypto pki protocol seal token refval broker server'

# asan_names PATTERN: what the pattern's group gives of the names of targets of the preset asan.
asan_names() {
  ninja -C build/asan -t targets all | sed -En "s/^$1: phony\$/\1/p"
}

# asan_tests: the parts with test programs, a word each.
asan_tests() {
  tr ' ' '\n' <<<"$asan_parts"
  asan_names 'ward_(tee_[a-z0-9_]+)_test' | grep -vxE 'tee_soft_cases|tee_tpm_attester'
}

# asan_targets: the test programs of asan_tests, and the fuzz replays of asan_fuzz and tee/.
asan_targets() {
  asan_tests | sed 's/.*/ward_&_test/'
  asan_names "((tee_[a-z0-9]+|${asan_fuzz// /|})_[a-z_0-9]*_fuzz_replay)"
}

test_asan() {
  need_packages build test sanitize
  need_wheels
  configure asan
  local parts
  build_or_fail asan "$(asan_targets | paste -sd ' ')" "tests and fuzz replays (asan)"
  parts=$(asan_tests | paste -sd '|')
  run_ctest asan -R "^($parts)\$|^fuzz\.(tee_[a-z0-9]+|${asan_fuzz// /|})\." "$@"
}

# run_coverage ARGS: how much of each parser the committed seeds of its fuzz target reach.
run_coverage() {
  need_packages build sanitize
  configure coverage
  build_or_fail coverage ward_fuzzers "programs that replay seeds (coverage)"
  python3 tools/fuzz_coverage.py build/coverage "$@" 1>&3
}

# test_tsan: only what is labelled `threads` is built and run.
test_tsan() {
  need_packages build test sanitize
  configure tsan
  if ! has_target tsan ward_threads_tests; then
    note "tsan: no test is labelled threads"
    return 0
  fi
  build_or_fail tsan ward_threads_tests "tests labelled threads (tsan)"
  run_ctest tsan -L '^threads$' "$@"
}

run_test() {
  local preset=release
  case ${1:-} in
    release | asan | tsan) preset=$1 && shift ;;
  esac
  "test_$preset" "$@" || fail 1 "tests failed ($preset)" "the output is in build/log/ctest-$preset.log"
}
