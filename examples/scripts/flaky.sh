#!/bin/sh
# name: flaky
# description: Fails until its third attempt, as things do that depend on others
# inputs: outDir (required), succeedsOn (optional)
# outputs: attempt (required), output (required)
# tags: demo
# timeout: 30
# maxAttempts: 5

set -eu

wanted=${MILLRACE_INPUT_SUCCEEDSON:-3}
output="$MILLRACE_INPUT_OUTDIR/${MILLRACE_JOB_ID:-flaky}.attempts"
echo "attempt $MILLRACE_ATTEMPT" >>"$output"
if [ "$MILLRACE_ATTEMPT" -lt "$wanted" ]; then
  # Any exit code but 0, 64 and 75 is a failed attempt; the last lines of stderr say why.
  echo "connection refused (attempt $MILLRACE_ATTEMPT of at least $wanted)" >&2
  exit 1
fi
printf '{"attempt":%d,"output":"%s"}\n' "$MILLRACE_ATTEMPT" "$output"
