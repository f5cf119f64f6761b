import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import type { Size } from "./scenario.ts";
import { CONTESTANTS, type ContestantName } from "./task.ts";

export interface RunOptions extends Size {
  readonly rounds: number;
  readonly contestants: ReadonlySet<ContestantName>;
  /** Names of scenarios, or beginnings of names; empty for all. */
  readonly scenarios: readonly string[];
  /** Where the temporary folders of the run lie; the disk under it is what is measured. */
  readonly folder: string;
  /** Whether results and documentation are written. */
  readonly isKept: boolean;
  /** Whether it is told which statements took longest on PostgreSQL. */
  readonly tellsStatements: boolean;
}

export const USAGE = `Measure Millrace and its peers on this machine.

  npm run bench -- [options]

  --quick             everything, small, once: does it work at all? Keeps nothing
  --rounds <n>        how often each is measured, in turns (default 5, with --quick 1)
  --scale <factor>    multiplies the numbers of jobs (default 1, with --quick 0.01)
  --only <names>      of ${CONTESTANTS.join(", ")}; with commas
  --scenarios <names> scenarios, or beginnings of their names: process,enqueue,latency ...; with commas
  --huge              claims and work beside 10 million jobs, too; takes minutes and some 5 GB each
  --pinned-seconds <n>  of steady load beside transactions left open (default 60, with --quick 3)
  --statements        tell which statements took longest on PostgreSQL, after each measurement; slows it a little
  --folder <path>     where the databases lie meanwhile (default: the folder for temporary files)
  --keep, --no-keep   write bench/results and docs/performance.md, or do not (default: when all is measured in full)
  --help

One contestant in one scenario, the fast way:
  npm run bench -- --scenarios pg-process --only millrace --scale 0.1 --rounds 1

MILLRACE_BENCH_POSTGRES: a server to use instead of one of the run's own, as a URL. The role must be allowed to create
databases and to make checkpoints. Scenarios on PostgreSQL begin with "pg-".`;

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): RunOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      scale: { type: "string" },
      only: { type: "string" },
      scenarios: { type: "string" },
      "pinned-seconds": { type: "string" },
      huge: { type: "boolean", default: false },
      folder: { type: "string", default: tmpdir() },
      keep: { type: "boolean" },
      statements: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const isWhole =
    !values.quick &&
    !values.statements &&
    values.scale === undefined &&
    values.only === undefined &&
    values.scenarios === undefined;
  return {
    isQuick: values.quick,
    isHuge: values.huge,
    rounds: positive("--rounds", values.rounds, values.quick ? 1 : 5),
    scale: positive("--scale", values.scale, values.quick ? 0.01 : 1),
    pinnedSeconds: positive("--pinned-seconds", values["pinned-seconds"], values.quick ? 3 : 60),
    contestants: new Set(values.only === undefined ? CONTESTANTS : list(values.only).map(contestantOf)),
    scenarios: list(values.scenarios ?? ""),
    folder: values.folder,
    isKept: values.keep ?? isWhole,
    tellsStatements: values.statements,
  };
}

function list(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function contestantOf(name: string): ContestantName {
  const known = CONTESTANTS.find((contestant) => contestant === name);
  if (known === undefined) throw new Error(`--only: "${name}" is none of ${CONTESTANTS.join(", ")}`);
  return known;
}

function positive(flag: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`${flag} must be above 0; got "${text}"`);
  return value;
}
