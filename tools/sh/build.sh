# Configure and build. Sourced by ./run.

# A cache of objects lies outside the tree: CI builds without. It takes precompiled headers when it is told that no source
# asks for the time.
if [ -z "${CI:-}" ] && have ccache && [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ]; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=1 \
    CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
fi

# configure PRESET [without-engine]: once, and again after packages or an engine's source came; CMake itself
# notices changed lists.
configure() {
  local preset=$1 stamp=build/$1/configured
  [ $# -gt 1 ] || fetch_engine
  [ ! -f "$stamp" ] || [ "$logs/packages" -nt "$stamp" ] || [ build/engines/fetched -nt "$stamp" ] || return 0
  mkdir -p "$logs"
  note "configuring $preset"
  cmake --preset "$preset" >"$logs/configure-$preset.log" 2>&1 || {
    cat "$logs/configure-$preset.log" >&2
    fail 3 "cmake cannot configure $preset" "the output is above and in build/log/configure-$preset.log"
  }
  touch "$stamp"
}

# has_target PRESET NAME
has_target() {
  ninja -C "build/$1" -t query "$2" >/dev/null 2>&1
}

# build_target PRESET TARGETS [LABEL]: TARGETS is one word or several; ninja with progress; compiler messages pass through.
build_target() {
  local preset=$1 label=${3:-$2}
  local -a targets
  read -ra targets <<<"$2"
  NINJA_STATUS='@ninja %f %t ' ninja -C "build/$preset" "${targets[@]}" 2>&1 | tee "$logs/build-$preset.log" |
    sed -u -E -e '/^ninja: (Entering directory|no work to do)/d' -e '/^-- /d' \
      -e 's/^@ninja ([0-9]+) ([0-9]+) .*/@progress \1 \2/' | progress "$label"
}

build_or_fail() {
  build_target "$@" || fail 1 "the build of ${3:-$2} ($1) failed" "the output is in build/log/build-$1.log"
}

# build_first: `ward verify` alone.
build_first() {
  has_target release ward_first || return 0
  build_or_fail release ward_first "ward verify"
  mkdir -p build/release/bin
  cp build/release/first/ward build/release/bin/ward
  note "ward verify is usable: build/release/bin/ward verify --help ($SECONDS s)"
}

# build_ward: `ward verify` first, so that it is usable while the rest is fetched and built.
build_ward() {
  if [ ! -x build/release/bin/ward ]; then
    configure release without-engine
    build_first
  fi
  configure release
  build_or_fail release ward
  note "ward is built: build/release/bin/ward"
}

run_build() {
  need_packages build
  build_ward
  build_or_fail release all "everything"
  note "built: build/release/bin"
}

need_program() {
  [ -x "build/release/bin/$1" ] || fail 3 "this version has no program $1 yet" "./run build builds what there is"
}

run_demo() {
  need_packages build
  need_packages_beside demo
  build_ward
  build_or_fail release ward_programs "the programs"
  wait_background
  need_program ward
  case " $* " in  # this checkout's story, whatever is installed on the machine
    *' --demo-dir'*) ;;
    *) set -- --demo-dir "$root/demo" "$@" ;;
  esac
  exec build/release/bin/ward demo "$@" 1>&3 3>&-
}

# server_key CERTIFICATE: what a client pins.
server_key() {
  openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1
}

# run_serve: a service on a folder of its own; flags of one's own replace that folder.
run_serve() {
  local dir=build/serve
  need_packages build
  build_ward
  build_or_fail release ward_programs "the programs"
  need_program wardd
  if [ $# -eq 0 ]; then
    [ -d "$dir" ] || build/release/bin/wardd init "$dir"
    set -- --config "$dir/wardd.toml"
    ! have openssl || note "ask it with: build/release/bin/ward secret list --server https://$(sed -n 's/^listen *= *"\(.*\)"/\1/p' "$dir/wardd.toml") --admin $dir/admin.key.pem --server-key $(server_key "$dir/tls.pem")"
  fi
  note "the service is wardd $*; Ctrl-C ends it"
  exec build/release/bin/wardd "$@" 1>&3 3>&-
}

# run_bench ARGS: bench/compare.py with what it times. The whole run has the peers and a keep in it, --quick has
# neither; `keep` is the start of a keep alone.
run_bench() {
  local area='' word last=''
  need_packages build bench
  configure release
  if [ "${1:-}" = keep ]; then
    shift
    bench_keep "$@"
    return
  fi
  case " $* " in *' --quick '*) area=quick ;; esac
  for word in "$@"; do
    case $word in --area=*) area=${word#--area=} ;; esac
    [ "$last" != --area ] || area=$word
    last=$word
  done
  build_or_fail release ward_bench
  case "$area $* " in
    ' '* | peers* | *' --peers '*) need_peers ;;
  esac
  case $area in
    '' | keep | quotes | service)
      build_or_fail release ward_programs
      build_or_fail release ward_keep_probe
      build_or_fail release ward_rcar
      set -- "$@" --keep
      ;;
  esac
  WARD_BIN=$PWD/build/release/bin /usr/bin/python3 bench/compare.py "$@" 1>&3 3>&-
}

# bench_keep times the start of a keep with the real programs; needs no arguments.
bench_keep() {
  build_or_fail release ward_programs
  WARD_BIN=$PWD/build/release/bin /usr/bin/python3 bench/keep_start.py "$@" 1>&3 3>&-
}
