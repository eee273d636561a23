#!/usr/bin/env bash
# Build the page anew from its locked sources and prove that the committed bundle is the same.
# Needs Node 20.19 or newer and npm; with --build the bundle is written instead of compared.
set -euo pipefail
cd "$(dirname "$0")/../frontend"

npm ci --silent
npm run --silent lint
if [ "${1:-}" = "--build" ]; then
  npm run --silent build
  exit 0
fi
built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT
npx tsc --noEmit
npx vite build --logLevel warn --outDir "$built/static" --emptyOutDir
if ! diff -r "$built/static" ../src/pertoken/web/static; then
  echo "The committed bundle is not what its sources give." >&2
  echo "Expected src/pertoken/web/static to equal a build of frontend/." >&2
  echo "Run 'make frontend' and commit both." >&2
  exit 1
fi
if grep -q '"resolved"' package-lock.json; then
  echo "frontend/package-lock.json names a registry; see frontend/.npmrc." >&2
  exit 1
fi
