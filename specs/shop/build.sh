#!/usr/bin/env bash
# Compiles and unit-tests the shop, and puts the binary where `image.web` looks for it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
image="$root/.greenroom/images/web"

cd "$root"
cargo test --quiet --package shop-server
cargo build --quiet --package shop-server
target=$(cargo metadata --no-deps --format-version 1 |
    sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

# A running instance may hold the old binary open; a rename leaves that one alone.
mkdir -p "$image"
cp "$target/debug/shop-server" "$image/.shop-server.new"
mv "$image/.shop-server.new" "$image/shop-server"
echo "image web: .greenroom/images/web"
