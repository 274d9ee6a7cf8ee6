# Static checks. Sourced by ./run.

lint_failed=''

# lint_step NAME COMMAND...: runs, says so, remembers a failure.
lint_step() {
  local name=$1 begun=$SECONDS
  shift
  if "$@"; then
    note "lint $name: ok ($((SECONDS - begun)) s)"
  else
    note "lint $name: failed"
    lint_failed="$lint_failed $name"
  fi
}

sources() { git ls-files -co --exclude-standard -- '*.h' '*.cc'; }

lint_format() { sources | xargs -r clang-format-14 --dry-run -Werror; }

lint_deps() { python3 tools/check_deps.py . && python3 tools/check_deps_test.py; }

lint_docs() { python3 tools/check_docs.py . && python3 tools/check_docs_test.py; }

lint_tidy() { python3 tools/tidy.py . && python3 tools/tidy_test.py && python3 tools/lint_test.py; }

# lint_headers: each source includes what it uses of std's and googletest's headers, which the builds of CI have
# precompiled; each header that no source of its own proves compiles alone.
lint_headers() {
  python3 tools/includes.py . && python3 tools/includes_test.py || return 1
  python3 tools/headers.py . | xargs -r -P "$jobs" -n 1 \
    sh -c 'g++ -std=c++20 -fsyntax-only -Wall -Wextra -Isrc -Iinclude -I. -include "$0" -x c++ /dev/null || exit 255'
}

# lint_hardening: what the release linker really did, in every program and every gtest program (not
# in the workloads that tests run, which may be static).
lint_hardening() {
  configure release
  build_or_fail release all "everything"
  python3 tools/hardening.py build/release/bin build/release/test-bin/*_test build/release/lib/libward.so
}

# lint_abi: what programs that were built with libward.so.1 rely on.
lint_abi() { python3 tools/abi.py .; }

# tidy_base: where the change began: WARD_BASE, the branch point from origin/main, the last merge before HEAD, or
# HEAD's parent. Nothing where there is none of them, as in a clone of depth 1.
tidy_base() {
  local base head
  if [ -n "${WARD_BASE:-}" ]; then
    git rev-parse --verify --quiet "$WARD_BASE^{commit}" || fail 2 "WARD_BASE is no commit here: $WARD_BASE"
    return
  fi
  head=$(git rev-parse HEAD)
  for base in "$(git merge-base HEAD origin/main 2>/dev/null || true)" \
    "$(git rev-list -1 --merges HEAD^ 2>/dev/null || true)" "$(git rev-parse --verify --quiet HEAD^ || true)"; do
    if [ -n "$base" ] && [ "$base" != "$head" ]; then
      printf '%s\n' "$base"
      return
    fi
  done
}

# changed_sources BASE: sources changed since then, the latest first. A header stands for the source of its name;
# tests are left out.
changed_sources() {
  {
    git diff --name-only HEAD -- '*.cc' '*.h'
    git log --first-parent -m --format= --name-only "$1..HEAD" -- '*.cc' '*.h'  # of a merge: what it changed here
  } | sed 's/\.h$/.cc/' | awk '!/_(test|fuzz)\.cc$/ && !seen[$0]++' | while IFS= read -r file; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
  done
}

# lint_clang_tidy: sources changed since the base; CI judges the WARD_TIDY_MAX that changed last. The plain
# clang build is the one that knows every source: the sanitizers' have no ward-keep.
lint_clang_tidy() {
  local base files left max=${WARD_TIDY_MAX:-1000}
  base=$(tidy_base) || return 1
  if [ -z "$base" ]; then
    note "clang-tidy: skipped, there is no base to compare with (set WARD_BASE)"
    return 0
  fi
  files=$(changed_sources "$base")
  [ -n "$files" ] || { note "clang-tidy: no source changed since $base"; return 0; }
  left=$(printf '%s\n' "$files" | tail -n "+$((max + 1))" | tr '\n' ' ')
  [ -z "$left" ] || note "clang-tidy: the $max sources that changed last; not judged (WARD_TIDY_MAX): $left"
  configure clang-debug
  printf '%s\n' "$files" | head -n "$max" |
    xargs -P "$jobs" -n 1 clang-tidy-14 --quiet -p build/clang-debug >"$logs/clang-tidy.log" 2>&1 && return 0
  grep -v -E 'warnings? (generated|treated)|^Suppressed|^Use -header' "$logs/clang-tidy.log" >&2
  return 1
}

run_lint() {
  local step steps=("$@")
  [ $# -gt 0 ] || steps=(format deps docs tidy headers abi hardening clang-tidy)
  need_packages lint
  for step in "${steps[@]}"; do
    case $step in
      format | deps | docs | tidy) ;;
      abi) need_packages build ;;
      headers | hardening) need_packages build ;;
      clang-tidy) need_packages build sanitize ;;
      *) fail 2 "no such lint step: $step" "format deps docs tidy headers abi hardening clang-tidy" ;;
    esac
    lint_step "$step" "lint_${step//-/_}"
  done
  [ -z "$lint_failed" ] || fail 1 "lint failed:$lint_failed"
}
