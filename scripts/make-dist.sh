#!/usr/bin/env bash
# Makes what a release consists of, in dist/: wheel and sdist, checked; the bill of materials of what
# they install; the notes of this version from the CHANGELOG.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${1:-.venv/bin}"
version="$("$bin/python" -c 'from pertoken.version import __version__; print(__version__)')"

rm -rf dist
"$bin/python" -m build --no-isolation --outdir dist . >/dev/null
"$bin/twine" check --strict dist/*
# W002, equal files: the bundled tenant holds a duplicate delivery on purpose.
"$bin/check-wheel-contents" --ignore W002 dist/*.whl

resolved="$(mktemp)"
trap 'rm -f "$resolved"' EXIT
"$bin/uv" pip compile --quiet pyproject.toml --all-extras --python-version 3.11 --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links --constraints <(
    grep -E '^[A-Za-z0-9_.-]+==' requirements/dev.txt | sed 's/ *\\$//'
  ) --output-file "$resolved" >/dev/null
"$bin/cyclonedx-py" requirements "$resolved" --pyproject pyproject.toml --output-reproducible \
  --output-file "dist/pertoken-$version.cdx.json"

# The newest section of the CHANGELOG: what is unreleased until the version is tagged.
awk '/^## /{n++} n==1' CHANGELOG.md | sed "1s/.*/# pertoken $version/" > "dist/RELEASE-$version.md"
ls -l dist
