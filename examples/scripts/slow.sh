#!/bin/sh
# name: slow
# description: Takes its time, tells how far it is, and puts things in order when it is told to stop
# inputs: outDir (required), seconds (optional)
# outputs: steps (required), output (required)
# tags: demo
# timeout: 5m

set -eu

seconds=${MILLRACE_INPUT_SECONDS:-30}
output="$MILLRACE_INPUT_OUTDIR/${MILLRACE_JOB_ID:-slow}.steps"
partial="$output.part"

# A cancel, a time limit and the end of the worker all come as SIGTERM to every process of the script.
tidy() {
  rm -f "$partial"
  echo "stopped; what was half done is removed"
  exit 143
}
trap tidy TERM

: >"$partial"
step=0
steps=$((seconds * 4))
while [ "$step" -lt "$steps" ]; do
  step=$((step + 1))
  echo "step $step" >>"$partial"
  echo "::progress $((step * 100 / steps)) step $step of $steps"
  # In the background, because a shell takes a signal only between commands, or while it waits.
  sleep 0.25 &
  wait $!
done
mv "$partial" "$output"
# printf would need the quotes of a path escaped; the folder of a demo has none.
printf '{"steps":%d,"output":"%s"}\n' "$steps" "$output"
