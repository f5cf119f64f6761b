import { arch, cpus, platform } from "node:os";
import type { RunFacts } from "../report/run-facts.ts";
import type { Crew } from "./crew.ts";
import type { ResolvedVerifyOptions } from "./verify-options.ts";

/** What a report says about a drive. */
export function factsOf(options: ResolvedVerifyOptions, crew: Crew | undefined): RunFacts {
  const { store, workers, jobs, seconds, faults, seed } = options;
  const processes = crew?.members.length ?? 0;
  return {
    seed,
    command: commandOf(options),
    environment: [
      ["store", withoutPassword(store)],
      ["node", process.version],
      ["machine", `${cpus().length} processors, ${platform()} ${arch()}`],
      ["workers", `${workers} handlers at once in ${crew?.workerCount ?? 0} of ${processes} processes`],
      ["faults", faults.length === 0 ? "none" : faults.join(", ")],
      ["ended by", `${jobs} jobs or ${seconds} s, whichever came first`],
    ],
  };
}

function commandOf({ store, workers, jobs, seconds, faults, seed, postgresBin }: ResolvedVerifyOptions): string {
  const place = /^https?:/i.test(store) ? "--server" : "--store";
  const words = [
    `millrace verify ${place}`,
    quoted(withoutPassword(store)),
    `--workers ${workers} --jobs ${jobs} --seconds ${seconds}`,
    `--faults ${faults.length === 0 ? "none" : faults.join(",")}`,
    ...(postgresBin === null ? [] : [`--postgres-bin ${quoted(postgresBin)}`]),
    `--seed ${seed}`,
  ];
  return words.join(" ");
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w.,:/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/[^/@:?]*):[^/@?]*@/i, "$1:…@").replaceAll(/([?&]password=)[^&]*/gi, "$1…");
}
