#!/bin/sh
# backup-sqlite.sh FILE FOLDER KEEP: a copy of the store in FILE, taken while it is in use; of the copies, the last KEEP stay.
# Needs sqlite3, and millrace on the PATH.
set -eu
umask 077
file=$1 folder=$2 keep=$3
mkdir -p "$folder"
copy="$folder/$(date -u +%Y-%m-%dT%H%M%SZ).db"

# Under another name until it is known to be good: whoever looks meanwhile does not take it for a backup.
trap 'rm -f "$copy.part" "$copy.part-wal" "$copy.part-shm"' EXIT
sqlite3 -cmd '.timeout 30000' "$file" "VACUUM INTO '$copy.part'"
millrace verify --data --seconds 600 --store "sqlite:$copy.part"
mv "$copy.part" "$copy"
sync

ls -1 "$folder"/*.db | sort -r | tail -n "+$((keep + 1))" | while read -r old; do rm -f "$old"; done
echo "$copy"
