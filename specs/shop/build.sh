#!/usr/bin/env bash
# Compiles and unit-tests the shop, and puts the binary where `artifact.shop` looks for it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
built="$root/.greenroom/build"

cd "$root"
cargo test --quiet --package shop-server
cargo build --quiet --package shop-server
target=$(cargo metadata --no-deps --format-version 1 |
    sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

mkdir -p "$built"
cp "$target/debug/shop-server" "$built/.shop-server.new"
mv "$built/.shop-server.new" "$built/shop-server"
echo "artifact shop: .greenroom/build/shop-server"
