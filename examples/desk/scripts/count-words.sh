#!/bin/sh
# name: count-words
# description: Counts the words of a text
# inputs: file (required)
# outputs: words (required)
# tags: text, docs
# timeout: 30s

# Exit code 64 means: trying again is of no use.
words=$(wc -w <"$MILLRACE_INPUT_FILE") || exit 64
printf '{"words": %d}\n' "$words"
