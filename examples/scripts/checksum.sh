#!/usr/bin/env bash
# name: checksum
# description: The SHA-256 checksum of a file, written beside its name
#   in the form that "sha256sum --check" reads
# inputs: file (required), outDir (required)
# outputs: sha256 (required), bytes (required), output (required)
# tags: files, integrity
# timeout: 60

set -euo pipefail

# Exit code 64 means: trying again is of no use.
refuse() {
  echo "$1" >&2
  exit 64
}

# Text as JSON has it.
quoted() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/\\t}
  text=${text//$'\n'/\\n}
  printf '"%s"' "$text"
}

file=${MILLRACE_INPUT_FILE:?}
folder=${MILLRACE_INPUT_OUTDIR:?}
[ -f "$file" ] || refuse "$file is not a file"
[ -d "$folder" ] || refuse "$folder is not a folder"

if command -v sha256sum >/dev/null; then
  sum=$(sha256sum <"$file")
else
  sum=$(shasum -a 256 <"$file")
fi
sum=${sum%% *}

# Named after the job, so that a second attempt writes the same file, and two jobs never do. Written aside and
# renamed, so that nobody ever reads half of it.
output="$folder/${MILLRACE_JOB_ID:-checksum}.sha256"
printf '%s  %s\n' "$sum" "$file" >"$output.part"
mv "$output.part" "$output"

bytes=$(wc -c <"$file")
printf '{"sha256":"%s","bytes":%d,"output":%s}\n' "$sum" "$bytes" "$(quoted "$output")"
