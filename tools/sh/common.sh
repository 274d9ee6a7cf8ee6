# Shared by ./run and .ci/run: messages, progress, time. Sourced, never run.

export LC_ALL=C.UTF-8 HOME=${HOME:-/tmp} PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
started=$SECONDS
jobs=$(nproc 2>/dev/null || echo 2)
logs=$root/build/log

# note TEXT: one line for people, with the seconds since the start.
note() { printf 'ward: [%3d s] %s\n' "$((SECONDS - started))" "$*" >&2; }

# fail STATUS TEXT [HINT]: the project's error form (lower case, no full stop), then ends.
fail() {
  printf 'ward: error: %s\n' "$2" >&2
  [ $# -lt 3 ] || printf 'ward: hint: %s\n' "$3" >&2
  exit "$1"
}

have() { command -v "$1" >/dev/null 2>&1; }

# progress LABEL: reads lines `DONE TOTAL` and shows how far it is and the time left: one line that
# is rewritten on a terminal, else a plain line every ten seconds. Other lines pass through.
progress() {
  local label=$1 begun=$SECONDS last=$SECONDS line done total first='' left text
  while IFS= read -r line; do
    if [[ $line =~ ^@progress\ ([0-9]+)\ ([0-9]+)$ ]]; then
      done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
      [ -n "$first" ] || first=$done
      [ -t 2 ] || [ $((SECONDS - last)) -ge 10 ] || continue
      last=$SECONDS left='?'
      [ "$done" -le "$first" ] || left=$(((SECONDS - begun) * (total - done) / (done - first)))
      text="ward: [$((SECONDS - started)) s] $label $done/$total, about $left s left"
      if [ -t 2 ]; then printf '\r\033[K%s' "$text" >&2; else printf '%s\n' "$text" >&2; fi
    else
      [ ! -t 2 ] || printf '\r\033[K' >&2
      printf '%s\n' "$line" >&2
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}
