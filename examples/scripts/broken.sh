#!/bin/sh
# name: broken
# description: Fails for good: exit code 64 says that no further attempt would help
# inputs: reason (optional)
# tags: demo
# timeout: 30

echo "${MILLRACE_INPUT_REASON:-the input is not what it should be}" >&2
exit 64
