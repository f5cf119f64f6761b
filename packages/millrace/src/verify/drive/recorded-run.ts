import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";
import type { FinalJob } from "../check/verdict.ts";
import { createEntryParser } from "../history/entry-parser.ts";
import type { Entry } from "../history/entry.ts";
import { parseFinalJob } from "../history/parse-entry.ts";
import type { RunFacts } from "../report/run-facts.ts";
import type { HandlerLine } from "./handler-line.ts";
import { readLines } from "./read-lines.ts";

/** What lies in the folder of a drive, or of whoever recorded a history. */
export interface RecordedRun {
  /** Read from the files each time it is gone through. */
  readonly entries: Iterable<Entry>;
  readonly jobs: readonly FinalJob[];
  readonly handlers: Iterable<HandlerLine>;
  /** `null` for a history that was not recorded by a drive. */
  readonly facts: RunFacts | null;
}

const JOBS = "jobs.jsonl";
const FACTS = "run.json";

/**
 * Read a folder with a history: `history-*.jsonl`, lines as `Entry` has them, and `jobs.jsonl`, the jobs as they lay in
 * the store when all was over, a `FinalJob` in each line.
 * @throws InputError when it is none, with the file and the line
 */
export function readHistory(folder: string): RecordedRun {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new InputError(
      "request_invalid",
      `${show(folder)} is no folder; expected one with history-*.jsonl and ${JOBS}`,
    );
  }
  const names = readdirSync(folder).toSorted();
  const histories = names.filter((name) => /^history.*\.jsonl$/.test(name));
  if (histories.length === 0 || !names.includes(JOBS)) {
    const missing = histories.length === 0 ? "history-*.jsonl" : JOBS;
    throw new InputError("request_invalid", `there is no ${missing} in ${show(folder)}, which a history needs`);
  }
  const handlers = names.filter((name) => /^handlers.*\.jsonl$/.test(name));
  const facts = join(folder, FACTS);
  return {
    entries: through(
      histories.map((name) => join(folder, name)),
      createEntryParser,
    ),
    jobs: [...through([join(folder, JOBS)], () => parseFinalJob)],
    handlers: through(
      handlers.map((name) => join(folder, name)),
      () => (line) => line as HandlerLine,
    ),
    facts: existsSync(facts) ? (JSON.parse(readFileSync(facts, "utf8")) as RunFacts) : null,
  };
}

/** Write what `readHistory` reads beside the histories. */
export function writeRun(folder: string, jobs: readonly FinalJob[], facts: RunFacts): void {
  writeFileSync(join(folder, JOBS), jobs.map((job) => `${JSON.stringify(job)}\n`).join(""));
  writeFileSync(join(folder, FACTS), `${JSON.stringify(facts, null, 2)}\n`);
}

type Parse<T> = (line: object, where: string) => T;

/** @param createParser called each time that the lines are gone through */
function through<T>(paths: readonly string[], createParser: () => Parse<T>): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      const parse = createParser();
      for (const path of paths) for (const { line, where } of readLines(path)) yield parse(line, where);
    },
  };
}
