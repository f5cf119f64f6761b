#!/usr/bin/env bash
# Runs a command for every job: the payload goes in as JSON, what it prints is the result. Needs curl and python3.
set -uo pipefail
id=${MILLRACE_WORKER_ID:-$(hostname)-$$} home=$(mktemp -d) stop=

read_json() { python3 -c "import json; it = json.load(open('$home/$1')); print($2)"; }
call() { # NAME METHOD PATH BODY: asks, keeps the answer under its name, and takes the next key when one comes with it
  curl -sSf --retry 3 --retry-connrefused -o "$home/$1" -X "$2" "$MILLRACE_URL/v1/workers$3" \
    -H @"$home/auth" -H 'Content-Type: application/json' -d "$4" || return
  local key; key=$(read_json "$1" "it.get('key', '')"); [[ -z $key ]] || echo "Authorization: Bearer $key" >"$home/auth"
}
register() { echo "Authorization: Bearer $MILLRACE_API_KEY" >"$home/auth" && call worker POST '' "{\"id\":\"$id\"}"; }
beat() { # LEASE PID: ends the command once the answer is another than that the lease is held
  while sleep "${MILLRACE_HEARTBEAT:-10}"; do
    call beat POST "/$id/heartbeat" "{\"leases\":[$1]}" && ! grep -q '"held"' "$home/beat" && kill "$2"
  done
}

trap 'stop=1' INT TERM
trap 'call gone DELETE "/$id" "{}"; wait; rm -rf "$home"' EXIT
register || exit 1
until [[ $stop ]]; do
  call claim POST "/$id/claim" '{"max":1,"waitMs":30000}' &
  wait $! || { [[ $stop ]] || { sleep 1; register; }; continue; }
  lease=$(read_json claim "json.dumps([{'job': job['id'], 'token': job['lease']['token']} for job in it['jobs']])[1:-1]")
  [[ $lease ]] || continue
  read_json claim "json.dumps(it['jobs'][0]['payload'])" >"$home/payload"
  "$@" <"$home/payload" >"$home/result" 2>"$home/error" & working=$!
  beat "$lease" $working >/dev/null 2>&1 & beating=$!
  while kill -0 $working 2>/dev/null; do wait $working; done # a signal to stop ends a wait, and not the command
  wait $working && end=complete say=result || end=fail say=error
  kill $beating
  read_json claim "json.dumps({'outcomes': [{**$lease, 'outcome': '$end', '$say': open('$home/$say', errors='replace').read().strip()}]})" >"$home/said"
  call settled POST "/$id/settle" "@$home/said"
done
