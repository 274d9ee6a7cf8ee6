# Install. Sourced by ./run.

# run_install PREFIX: programs, libward, its headers, package files and Python wheel, documents. DESTDIR is heeded.
run_install() {
  local prefix=${1:-} place
  [ $# -eq 1 ] && [ -n "$prefix" ] || fail 2 "install takes one folder" "./run install /usr/local, or ./run install \$HOME/ward"
  case $prefix in
    /*) ;;
    *) fail 2 "not an absolute path: $prefix" "./run install $PWD/$prefix" ;;
  esac
  place=${DESTDIR:-}$prefix
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  [ -d "$place" ] || fail 2 "not a folder: $place" "name a folder, or a path that does not exist yet"
  [ -w "$place" ] || fail 3 "this user may not write into $place" "choose a folder of your own, or run ./run install as root"
  need_packages build wheel
  build_ward
  build_or_fail release ward_programs "the programs and libraries"
  build_or_fail release ward_wheel "the Python wheel"
  cmake --install build/release --prefix "$prefix" --strip >"$logs/install.log" 2>&1 || {
    tail -n 3 "$logs/install.log" >&2
    fail 3 "ward could not be installed into $prefix" "the whole output is in build/log/install.log"
  }
  note "installed: ${DESTDIR:-}$prefix (bin/ward, lib/libward.so.1, include/ward, share/ward/python, share/doc/ward)"
  note "C: PKG_CONFIG_PATH=$prefix/lib/pkgconfig; CMake: -DCMAKE_PREFIX_PATH=$prefix; Python: pip install $prefix/share/ward/python/*.whl"
}
