#!/bin/sh
# headers_test.sh SOURCE-FOLDER: the public headers alone, pedantically, in every standard that they are for.
set -eu
flags='-pedantic -Wall -Wextra -Werror -fsyntax-only'
tried=0
for compiler in gcc clang; do
  command -v $compiler >/dev/null || continue
  for standard in c99 c11 c17; do
    echo '#include <ward/ward.h>' | $compiler -std=$standard $flags -I"$1/include" -x c -
  done
  tried=$((tried + 1))
done
for compiler in g++ clang++; do
  command -v $compiler >/dev/null || continue
  for header in "$1"/include/ward/*.h; do
    for standard in c++17 c++20; do
      echo "#include <ward/${header##*/}>" |
        $compiler -std=$standard $flags -Wold-style-cast -Wconversion -Wshadow -I"$1/include" -x c++ -
    done
  done
  tried=$((tried + 1))
done
[ "$tried" -ge 2 ]
