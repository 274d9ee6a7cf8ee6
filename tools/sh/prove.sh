# Protocol models (formal/). Sourced by ./run.

# build_verifpal: formal/verifpal with the cargo at hand; crates are pinned by Cargo.lock. The prover asks for a newer Rust than
# Debian 12 has, and is built by 1.95 all the same.
build_verifpal() {
  local program=build/prove/verifpal/release/ward-verifpal
  mkdir -p "$logs" build/prove
  PATH=$PATH:$HOME/.cargo/bin have cargo || need_packages cargo
  [ -x $program ] && [ ! formal/verifpal/Cargo.lock -nt $program ] && [ ! formal/verifpal/src/main.rs -nt $program ] && return
  note "building Verifpal (a minute)"
  (
    unset RUSTC_WRAPPER CARGO_BUILD_TARGET
    PATH=$PATH:$HOME/.cargo/bin CARGO_TARGET_DIR=$root/build/prove/verifpal \
      cargo build -q --release --locked --ignore-rust-version --manifest-path formal/verifpal/Cargo.toml
  ) >"$logs/verifpal.log" 2>&1 || {
    tail -n 20 "$logs/verifpal.log" >&2
    fail 3 "Verifpal could not be built" "it needs Rust 1.95 or newer and the crates of formal/verifpal/Cargo.lock; the output is in build/log/verifpal.log"
  }
  touch $program
}

# run_prove ARGS: every model of formal/ against formal/claims.json.
run_prove() {
  need_packages build prove
  build_verifpal
  /usr/bin/python3 tools/prove.py --verifpal "$root/build/prove/verifpal/release/ward-verifpal" "$@" 1>&3 3>&-
}
