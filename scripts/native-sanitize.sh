#!/usr/bin/env bash
# Builds native/core and native/test under AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests.
# Arguments: names of tests, none for all. CXX chooses the compiler; objects are kept in build/sanitize. FERROSA_SANITIZE=thread: under
# ThreadSanitizer instead, in build/sanitize-thread.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${FERROSA_SANITIZE:-}" = thread ]; then
  out=build/sanitize-thread
  sanitizers=thread
else
  out=build/sanitize
  sanitizers=address,undefined
fi
mkdir -p "$out"
read -ra cxx <<<"${CXX:-g++}"
flags=(-std=c++20 -O1 -g -fno-exceptions -fno-omit-frame-pointer -Wall -Wextra -Wno-unused-parameter
  -fsanitize=$sanitizers -fno-sanitize-recover=all -Inative)
newest_header=$(find native/core native/test -name '*.h' -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2-)
objects=()
build=()
while IFS= read -r source; do
  object="$out/$(echo "$source" | tr '/' '_' | sed 's/\.cc$/.o/')"
  objects+=("$object")
  if [ ! "$object" -nt "$source" ] || [ ! "$object" -nt "$newest_header" ]; then build+=("$source" "$object"); fi
done < <(find native/core native/test -name '*.cc' | sort)
if [ "${#build[@]}" -gt 0 ]; then
  # The command is one word list without spaces in its words, so the shell may split it again.
  # shellcheck disable=SC2016
  printf '%s\n' "${build[@]}" | xargs -P "$(nproc)" -n 2 sh -c '$0 -c "$1" -o "$2"' "${cxx[*]} ${flags[*]}"
fi
"${cxx[@]}" "${flags[@]}" "${objects[@]}" -o "$out/native-test" -lpthread
exec "$out/native-test" "$@"
