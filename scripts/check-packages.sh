#!/usr/bin/env bash
# Builds and packs every published package, lints the tarballs, and uses them in an empty project as a user would.
# Needs the tools folder: pnpm tools. Run it through pnpm: pnpm packages:check.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

rm -rf packages/*/dist
pnpm build
for package in packages/*/; do
  (cd "$package" && pnpm pack --pack-destination "$out" >/dev/null)
done

for tarball in "$out"/*.tgz; do
  echo "--- $(basename "$tarball")"
  files=$(tar -tzf "$tarball")
  if grep -E '\.(test\.[cm]?[jt]s|tsbuildinfo)$' <<<"$files"; then
    echo 'has files that do not belong in it'
    exit 1
  fi
  for file in package/LICENSE package/README.md; do
    grep -qx "$file" <<<"$files" || { echo "lacks $file"; exit 1; }
  done
  tools/node_modules/.bin/publint run "$tarball" --strict
  tools/node_modules/.bin/attw "$tarball" --profile esm-only --quiet
done

mkdir "$out/project"
cp scripts/smoke.mjs "$out/project"
cd "$out/project"
echo '{ "name": "project", "private": true, "type": "module" }' >package.json
# Peers bring React Native by way of helia: 240 MB that no Node program uses. Ours are given by name.
npm install --no-audit --no-fund --loglevel=error --omit=peer "$out"/*.tgz
node smoke.mjs
npx -y node@22 smoke.mjs
STOWAGE_DIR="$out/store" npx --no-install stowage put smoke.mjs --name smoke
STOWAGE_DIR="$out/store" npx --no-install stowage cat smoke | cmp - smoke.mjs
