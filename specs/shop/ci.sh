#!/bin/sh
# Runs the shop's pipeline from a clone: the build, then the tests of integration and performance,
# side by side, each in an environment of its own that is gone afterwards. Needs `greenroom` in PATH.
#
# Arguments go to `greenroom pipeline`, such as `--only integration`. A run that was interrupted goes
# on when the script is called again.
set -eu

cd "$(dirname "$0")"
mkdir -p ../../.greenroom
[ -e ../../.greenroom/shop.key ] || greenroom keys generate --out ../../.greenroom/shop.key
exec greenroom pipeline --junit ../../.greenroom/shop-junit.xml "$@"
