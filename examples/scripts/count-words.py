#!/usr/bin/env python3
# name: count-words
# description: Counts the lines and words of a text file, and finds its most frequent words
# inputs: file (required), outDir (required), top (optional)
# outputs: lines (required), words (required), frequent (required), output (required)
# tags: text, statistics
# timeout: 60
"""The payload comes as JSON on the standard input; the last line of JSON that is printed is the result."""

import collections
import json
import os
import re
import sys

WORD = re.compile(r"[^\W\d_]{3,}")


def main() -> int:
    payload = json.load(sys.stdin)
    lines = 0
    words = collections.Counter()
    try:
        with open(payload["file"], encoding="utf-8", errors="replace") as file:
            for lines, line in enumerate(file, start=1):
                words.update(word.lower() for word in WORD.findall(line))
    except (FileNotFoundError, IsADirectoryError) as error:
        print(error, file=sys.stderr)
        return os.EX_USAGE  # 64: trying again is of no use

    frequent = words.most_common(int(payload.get("top", 5)))
    output = os.path.join(payload["outDir"], os.environ.get("MILLRACE_JOB_ID", "words") + ".words.txt")
    with open(output + ".part", "w", encoding="utf-8") as file:
        file.writelines(f"{count:8} {word}\n" for word, count in words.most_common())
    os.replace(output + ".part", output)

    result = {"lines": lines, "words": words.total(), "frequent": dict(frequent), "output": output}
    print(json.dumps(result, ensure_ascii=False))
    return 0


sys.exit(main())
