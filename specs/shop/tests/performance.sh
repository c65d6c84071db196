#!/usr/bin/env bash
# Puts a small, bounded load on a running environment: REQUESTS requests (default 200), 4 at a
# time, of which none may fail, with the 95th percentile below LIMIT_MS (default 500).
# GREENROOM_OUTPUT_URL is the front's address. Ends within two minutes; status 0 means passed.
set -euo pipefail

url=${GREENROOM_OUTPUT_URL:?the address of the environment to test}
url=${url%/}
requests=${REQUESTS:-200}
limit_ms=${LIMIT_MS:-500}

# A request without an answer prints the status 000; it is counted below, and must not end the run.
answers=$(seq "$requests" |
    timeout 120 xargs -P 4 -I{} curl --silent --max-time 5 --output /dev/null \
        --write-out '%{http_code} %{time_total}\n' "$url/items" || true)

sort -k 2 -g <<<"$answers" | awk -v wanted="$requests" -v limit="$limit_ms" '
    $1 == 200 { good++; ms[good] = $2 * 1000 }
    END {
        at = int((good * 95 + 99) / 100)
        printf "performance: %d of %d answered with 200, 95th percentile %.1f ms (limit %d ms)\n",
            good, wanted, at ? ms[at] : 0, limit
        exit !(good == wanted && ms[at] <= limit)
    }'
