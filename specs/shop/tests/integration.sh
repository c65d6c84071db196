#!/usr/bin/env bash
# Asks a running environment, through its front, what a customer would ask.
# GREENROOM_OUTPUT_URL is the front's address. Ends within a minute; status 0 means passed.
set -euo pipefail

url=${GREENROOM_OUTPUT_URL:?the address of the environment to test}
url=${url%/}

fail() {
    echo "integration: FAILED: $*" >&2
    exit 1
}

# status METHOD PATH [BODY]: prints the status of the answer.
status() {
    curl --silent --show-error --max-time 5 --output /dev/null --write-out '%{http_code}' \
        --request "$1" "$url$2" ${3:+--data "$3"}
}

# expect STATUS METHOD PATH [BODY]
expect() {
    local want=$1 got
    shift
    got=$(status "$@") || fail "$*: no answer"
    [[ $got == "$want" ]] || fail "$*: status $got instead of $want"
    echo "ok: $* -> $got"
}

expect 200 GET /
expect 200 GET /health
expect 200 GET /items
expect 200 GET '/slow?ms=50'
expect 400 GET '/slow?ms=never'
expect 404 GET /cellar
expect 201 POST /orders '{"item": "tea", "quantity": 2}'
expect 422 POST /orders '{"item": "yacht", "quantity": 1}'
expect 400 POST /orders 'no JSON'

items=$(curl --silent --show-error --fail --max-time 5 "$url/items")
[[ $items == *'"sku":"tea"'* ]] || fail "GET /items does not sell tea: $items"
echo "integration: passed"
