# Packages: tools/packages.txt is the one list. Sourced by ./run.

background_apt=''

# group_lines GROUP: the rest of each of the group's lines.
group_lines() { sed -n "s/^$1: *//p" "$root/tools/packages.txt"; }

# missing_packages GROUP...: those that dpkg does not know as installed.
missing_packages() {
  local group package
  for group in "$@"; do
    for package in $(group_lines "$group"); do
      case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
        installed*) ;;
        *) printf '%s\n' "$package" ;;
      esac
    done
  done | sort -u
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need_root PACKAGES: asks for the password now, not in the middle of the build.
need_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  have sudo || fail 3 "packages are missing and this user cannot install them" "as root: apt-get install $*"
  sudo -v || fail 3 "packages are missing and sudo refused" "as root: apt-get install $*"
}

# apt_get LOG ARGS: apt-get without questions. Its output, and the percentages that it reports about
# itself, go to LOG. The descriptor for those is opened behind sudo, which closes all but three; it is
# not 1, because apt closes it before it starts dpkg.
apt_get() {
  local log=$1
  shift
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c 'exec apt-get "$@" 9>&1' apt-get -q -y \
    -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Use-Pty=0 \
    -o APT::Status-Fd=9 "$@" >>"$log" 2>&1 </dev/null
}

# follow_apt LOG PID: shows the percentages in LOG until PID ends.
follow_apt() {
  local kind percent
  tail -n +1 -s 0.3 -f --pid="$2" "$1" 2>/dev/null | while IFS=: read -r kind _ percent _; do
    case $kind in
      dlstatus) printf '@progress %d 200\n' "${percent%%.*}" ;;
      pmstatus) printf '@progress %d 200\n' "$((100 + ${percent%%.*}))" ;;
    esac
  done | progress "packages"
}

apt_update() {
  [ -z "${apt_updated:-}" ] || return 0
  apt_get "$1" update || return 1
  apt_updated=yes
}

# apt_install LOG PACKAGES: one install; the reason is the last error that apt gave.
apt_install() {
  local log=$1
  shift
  apt_update "$log" && apt_get "$log" install --no-install-recommends "$@"
}

# apt_reason LOG: why apt failed: a server that did not answer, else the last error.
apt_reason() {
  { grep -h 'Failed to fetch' "$1" || grep -h '^E: ' "$1"; } 2>/dev/null | tail -n 1 | sed 's/^[EW]: //'
}

apt_refuse() {
  local reason
  reason=$(apt_reason "$1" || true)
  fail 3 "packages could not be installed: ${reason:-apt-get failed}" "the whole output is in $1"
}

# need_packages GROUP...: installs what is missing of these groups now.
need_packages() {
  local missing pid log=$logs/apt.log
  if ! have dpkg-query; then
    note "not a Debian system: nothing installed; needed are the groups $* of tools/packages.txt"
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  need_root $missing
  wait_background
  mkdir -p "$logs"
  : >"$log"
  note "installing $(echo "$missing" | wc -l) packages ($*): $(echo $missing)"
  apt_install "$log" $missing &
  pid=$!
  follow_apt "$log" $pid
  wait $pid || apt_refuse "$log"
  apt_updated=yes
  touch "$logs/packages"
}

# download PACKAGE FOLDER: needs no root, so the folder stays the user's.
download() { (cd "$2" && apt-get -q download "$1") >>"$logs/apt-demo.log" 2>&1; }

# open_files: takes single data files out of packages that are not installed, into build/data.
open_files() {
  local package path deb dir=$root/build/data
  mkdir -p "$dir"
  group_lines files | while read -r package path; do
    [ ! -s "$dir/${path##*/}" ] || continue
    if [ -s "${path#.}" ]; then
      cp "${path#.}" "$dir/"
      continue
    fi
    deb=$(find "$dir" -maxdepth 1 -name "${package}_*.deb" | head -n 1)
    if [ -z "$deb" ]; then
      download "$package" "$dir" || { apt_update "$logs/apt-demo.log" && download "$package" "$dir"; } || return 1
      deb=$(find "$dir" -maxdepth 1 -name "${package}_*.deb" | head -n 1)
    fi
    dpkg-deb --fsys-tarfile "$deb" | tar -xO "$path" >"$dir/${path##*/}.part" || return 1
    mv "$dir/${path##*/}.part" "$dir/${path##*/}"
  done
}

# recorded_evidence: true where the demo finds a genuine quote without a download.
recorded_evidence() { [ -e "${WARD_VECTORS:-$root/../shared/vectors}/MANIFEST.tsv" ]; }

# open_crates: takes single files out of crates, into build/data/crates. They are pinned by digest.
open_crates() {
  local name version digest path crate dir=$root/build/data/crates
  have curl || return 0
  group_lines crates | while read -r name version digest path; do
    [ ! -s "$dir/$name/${path##*/}" ] || continue
    crate=$dir/$name-$version.crate
    mkdir -p "$dir/$name"
    [ -s "$crate" ] || curl -sSf --max-time 120 -o "$crate" "https://static.crates.io/crates/$name/$name-$version.crate" || return 1
    echo "$digest  $crate" | sha256sum -c --quiet || { rm -f "$crate"; return 1; }
    tar -xOf "$crate" "$name-$version/$path" >"$dir/$name/${path##*/}.part" || return 1
    mv "$dir/$name/${path##*/}.part" "$dir/$name/${path##*/}"
  done
}

# fetch_rego: cargo, and the crates of third_party/engines/rego/Cargo.lock, into cargo's own store.
fetch_rego() {
  local manifest=third_party/engines/rego/Cargo.toml stamp=build/engines/rego-fetched
  PATH=$PATH:$HOME/.cargo/bin have cargo || (need_packages cargo) || return 1
  (PATH=$PATH:$HOME/.cargo/bin
    cargo fetch --locked --offline --manifest-path $manifest || cargo fetch --locked --manifest-path $manifest
  ) >"$logs/rego.log" 2>&1 || return 1
  mkdir -p build/engines
  [ "$stamp" -nt third_party/engines/rego/Cargo.lock ] || touch "$stamp" build/engines/fetched
}

# fetch_engine: the sources of third_party/engines. Without a network ward is built without them.
fetch_engine() {
  mkdir -p "$logs"
  fetch_rego || note "the Rego engine could not be fetched ($logs/rego.log): ward is built without Rego policies"
  cmake -DENGINES="$root/build/engines" -P third_party/engines/fetch.cmake >"$logs/engines.log" 2>&1 ||
    note "AWS-LC's source could not be fetched ($logs/engines.log): P-384 is verified with OpenSSL, more slowly"
}

# need_packages_beside GROUP...: starts the install beside the build; wait_background ends it.
need_packages_beside() {
  local missing log=$logs/apt-demo.log
  have dpkg-query || return 0
  mkdir -p "$logs"
  : >"$log"
  missing=$(missing_packages "$@")
  if [ -n "$missing" ]; then
    need_root $missing
    note "installing beside the build: $(echo $missing)"
  fi
  (
    [ -z "$missing" ] || apt_install "$log" $missing || exit 1
    open_files
    recorded_evidence || open_crates >>"$log" 2>&1 || note "a genuine sample quote could not be fetched: the demo does without it"
  ) &
  background_apt=$!
}

# wait_background: until the install beside the build is done.
wait_background() {
  local pid=$background_apt
  [ -n "$pid" ] || return 0
  background_apt=''
  if kill -0 "$pid" 2>/dev/null; then
    note "waiting for the packages that are installed beside the build"
    follow_apt "$logs/apt-demo.log" "$pid"
  fi
  wait "$pid" || apt_refuse "$logs/apt-demo.log"
}
