#!/usr/bin/env bash
# `npm run check:first-steps`: goes the first steps of a user in empty folders that have nothing but the packed packages.
# Each takes at most five commands, which are printed. Reports the sizes of the installed packages.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
sandbox_pid=
cleanup() {
  if [ -n "$sandbox_pid" ]; then
    kill "$sandbox_pid" 2>/dev/null || true
    wait "$sandbox_pid" 2>/dev/null || true
  fi
  rm -rf "$scratch"
}
trap cleanup EXIT

readonly MAX_COMMANDS=5
readonly MAX_CLIENT_MB=60
title=
commands=0

fail() {
  echo "✗ $title: $*" >&2
  exit 1
}
# Enters an empty folder with the files that a user has: a data file and its configuration.
begin() {
  title=$1
  commands=0
  mkdir "$scratch/$2"
  cd "$scratch/$2"
  cp "$repository/samples/single-oral-dose.csv" pk.csv
  cp "$repository/samples/single-oral-dose.json" day-1.json
  echo '{ "private": true, "type": "module" }' >package.json
  echo "==> $title"
}
# Runs a command of the user.
step() {
  commands=$((commands + 1))
  [ "$commands" -le "$MAX_COMMANDS" ] || fail "needs more than $MAX_COMMANDS commands"
  echo "\$ $*" >&2
  "$@" </dev/null
}
passed() { echo "✓ $title: $commands commands"; }
megabytes() { du -sm "$1" | cut -f1; }
packages() { node -p "Object.keys(require('./$1/.package-lock.json').packages).length"; }
install() { npm install --no-audit --no-fund --loglevel=error "$@"; }
start_sandbox() { node_modules/.bin/aplos-upload sandbox >"$scratch/sandbox.log" 2>&1 & sandbox_pid=$!; }
sandbox_is_up() {
  until [ -e .aplos-sandbox/settings.toml ]; do
    kill -0 "$sandbox_pid" 2>/dev/null || { cat "$scratch/sandbox.log" >&2; fail 'the sandbox did not start'; }
    sleep 0.2
  done
}
is_receipt() { node -e "
  const { status, executions } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  if (status !== 204 || executions.length !== 1) throw new Error('This is not the receipt of one upload with one execution');"; }

cd "$repository"
worker=$scratch/$(npm pack --silent --pack-destination "$scratch")
client=$scratch/$(npm pack --silent --pack-destination "$scratch" ./dist-client)

begin 'the sandbox, and an upload by the command' command
step install "$worker"
echo "aplos-upload-worker: $(megabytes node_modules) MB in $(packages node_modules) packages"
step start_sandbox
step sandbox_is_up
step npx --no-install aplos-upload upload pk.csv --config day-1.json --json --settings .aplos-sandbox/settings.toml >receipt.json
is_receipt <receipt.json
passed
settings=$PWD/.aplos-sandbox/settings.toml
module=$PWD/node_modules/aplos-upload-worker/deploy/python/aplos_upload.py

begin 'an upload by TypeScript' typescript
sed 's/aplos-upload-worker/aplos-upload-client/' "$repository/examples/typescript/upload-and-wait.ts" >upload.ts
step install "$client"
size=$(megabytes node_modules)
echo "aplos-upload-client: $size MB in $(packages node_modules) packages"
[ "$size" -le "$MAX_CLIENT_MB" ] || fail "the client has more than $MAX_CLIENT_MB MB"
[ -z "$(find node_modules -name '*.node')" ] || fail 'the client has a native module'
step install --save-dev typescript@5 @types/node@20 tsx
step npx --no-install tsc --noEmit --strict --module nodenext --target es2022 upload.ts
step env APLOS_UPLOAD_SETTINGS="$settings" npx --no-install tsx upload.ts pk.csv day-1.json >receipt.json
is_receipt <receipt.json
passed

begin 'an upload by Python' python
cp "$repository/tools/requirements-examples.txt" requirements.txt
step cp "$module" .
step python3 -m pip install --quiet --require-hashes --no-deps --only-binary :all: --target packages -r requirements.txt
step env PYTHONPATH=packages python3 aplos_upload.py start pk.csv --config day-1.json --wait --settings "$settings" >receipt.json
is_receipt <receipt.json
passed
python=$PWD/packages

kill "$sandbox_pid"
wait "$sandbox_pid" || true
sandbox_pid=
[ ! -e "$settings" ] || fail 'the sandbox left its settings behind'

begin 'a test of another team, by vitest' vitest
cp "$repository/examples/testing/upload.test.ts" .
step install --save-dev "$worker" vitest@4
step npx --no-install vitest run
passed

begin 'a test of another team, by pytest' pytest
cp "$repository/examples/testing/test_upload.py" .
step install "$worker"
step cp node_modules/aplos-upload-worker/deploy/python/aplos_upload.py .
step env PYTHONPATH="$python" npx --no-install aplos-upload sandbox -- python3 -m pytest -q -p no:cacheprovider
passed
