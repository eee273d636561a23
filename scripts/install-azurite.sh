#!/usr/bin/env bash
# Azurite, the Azure Storage server of the tests, from npm into tests/stores/azurite/node_modules.
# Where it cannot be installed, the tests that need it are skipped with a clear word.
set -euo pipefail

cd "$(dirname "$0")/../tests/stores/azurite"
if [ -f node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "npm is missing: the tests of Azure storage will be skipped." >&2
  exit 0
fi
# Its optional parts (native builds, Windows registry) are not needed by a server on loopback.
if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
  rm -rf node_modules
  echo "Azurite could not be installed: the tests of Azure storage will be skipped." >&2
fi
