"""Counts words: python3 count_words.py"""
from worker import Permanent, run


def count_words(job, attempt):
    text = job["payload"].get("text")
    if not isinstance(text, str):
        raise Permanent("the payload has no text")
    lines = text.splitlines()
    words = 0
    for number, line in enumerate(lines, 1):
        if attempt.stop.is_set():  # cancelled, out of time, or somebody else's by now
            raise RuntimeError(f"stopped in line {number}")
        words += len(line.split())
        attempt.progress(100 * number / len(lines))
    attempt.log(f"{words} words in {len(lines)} lines")
    return {"words": words}


if __name__ == "__main__":
    run({"count-words": count_words})
