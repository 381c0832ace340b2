#!/usr/bin/env bash
# What somebody gets who clones HEAD on a machine with Node and npm only: runs the README's two commands with an empty
# home folder, and fails when they take more than 3 minutes or download more than 200 MB together.
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/.." && pwd)
max_seconds=180
max_megabytes=200

work=$(mktemp -d)
proxy_pid=
clean() {
  [ -z "$proxy_pid" ] || kill "$proxy_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT

git clone --quiet "$source_folder" "$work/stowage"
mkdir "$work/home"
node "$work/stowage/scripts/counting-proxy.mjs" >"$work/proxy" &
proxy_pid=$!
until [ -s "$work/proxy" ]; do sleep 0.1; done
url=$(head -1 "$work/proxy")
export HOME="$work/home" HTTPS_PROXY="$url" https_proxy="$url" NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1
unset XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME STOWAGE_DIR PNPM_HOME

cd "$work/stowage"
started=$(date +%s)
npx -y pnpm@12.21.0 quickstart </dev/null
between=$(date +%s)
npx -y pnpm@12.21.0 test </dev/null
ended=$(date +%s)

kill "$proxy_pid"
wait "$proxy_pid" || true
proxy_pid=
megabytes=$(($(tail -1 "$work/proxy") / 1000000))
seconds=$((ended - started))
echo "quickstart $((between - started)) s, test $((ended - between)) s, together $seconds s of $max_seconds; $megabytes MB of $max_megabytes downloaded"
if [ -n "$(git status --porcelain)" ]; then
  echo 'The two commands changed the checkout:'
  git status --short
  exit 1
fi
[ "$seconds" -le "$max_seconds" ] && [ "$megabytes" -le "$max_megabytes" ]
