#!/usr/bin/env bash
# Chromium for the tests of the page, where it is missing and can be installed (Debian, Ubuntu).
# Where it cannot, the tests marked `browser` are skipped with a clear word.
set -euo pipefail

for name in "${PERTOKEN_CHROMIUM:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then
    exit 0
  fi
done
if ! command -v apt-get >/dev/null; then
  echo "Chromium is missing and there is no apt-get: the browser tests will be skipped." >&2
  exit 0
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "Chromium is missing; 'sudo apt-get install chromium' lets the browser tests run." >&2
    exit 0
  fi
  run=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
if ! { "${run[@]}" apt-get update -qq && "${run[@]}" apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; then
  echo "Chromium could not be installed: the browser tests will be skipped." >&2
fi
