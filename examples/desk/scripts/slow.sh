#!/bin/sh
# name: slow
# description: Takes its time, so that there is something to see meanwhile
# inputs: seconds (optional)
# tags: demo
# task_class: FAST_SCRIPT

sleep "${MILLRACE_INPUT_SECONDS:-2}"
echo '{"slept": true}'
