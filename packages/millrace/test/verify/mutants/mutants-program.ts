import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { giveServer } from "../../postgres/run-server.ts";
import type { PostgresServer } from "../../postgres/server.ts";
import { startRunServer } from "../../postgres/start-run-server.ts";
import { CLASSIC_BUGS } from "./classic-bugs.ts";
import { drawStory } from "./draw-story.ts";
import { dropSchemas } from "./hunt-by-history.ts";
import { keepResults } from "./keep-results.ts";
import { lineOf, soundLineOf } from "./result-table.ts";
import { resultOf, soundResultOf, type Result, type SoundResult } from "./results.ts";
import { SOUND_ROWS } from "./sound-rows.ts";

/**
 * `npm run mutants`: put every classic bug into a store or a server, and let it be found. Ends with 70 when one is not
 * found within its minute, or when something sound is found to be broken.
 */
const HELP = `npm run mutants -- [options]

Puts every classic bug into a store or a server, lets it be found, and shows by what and after how many calls.
Something sound is looked at in the same ways, and must be found sound.

  --only TEXT   bugs whose sentence, guarantee or place contains it; once or more
  --seed N      where the searches begin (default 1)
  --out DIR     where the pictures go (default ${join(tmpdir(), "millrace-mutants")})
  --json        print the results as JSON
  --keep        write the table, and some of the pictures, into docs/
  --help

MILLRACE_TEST_POSTGRES=URL uses that server in place of one of its own.
Exit codes: 0 all were found · 2 wrong usage · 70 one was not found, or something sound was found to be broken`;

interface Options {
  readonly only: readonly string[];
  readonly seed: number;
  readonly out: string;
  readonly isJson: boolean;
  readonly isKept: boolean;
}

process.exit(await main());

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  return hunt(options);
}

/** @throws Error where they cannot be meant. Answers `null` where help is asked for. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      seed: { type: "string", default: "1" },
      out: { type: "string", default: join(tmpdir(), "millrace-mutants") },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const seed = Number(values.seed);
  if (!/^\d+$/.test(values.seed) || !Number.isSafeInteger(seed)) {
    throw new Error(`--seed takes a whole number from 0 on; got "${values.seed}"`);
  }
  if (values.keep && values.only.length > 0) throw new Error("--keep writes down all results; leave out --only");
  return { only: values.only, seed, out: values.out, isJson: values.json, isKept: values.keep };
}

async function hunt({ only, seed, out, isJson, isKept }: Options): Promise<number> {
  const isMeant = (...texts: readonly string[]): boolean =>
    only.length === 0 || only.some((text) => texts.some((each) => each.toLowerCase().includes(text.toLowerCase())));
  const hunts = CLASSIC_BUGS.flatMap((bug) =>
    bug.hunts.filter(({ place }) => isMeant(bug.bug, bug.guarantee, place)).map((each) => [bug, each] as const),
  );
  const sound = SOUND_ROWS.filter(({ under, hunt: { place } }) => isMeant(`sound, under ${under}`, place));
  if (hunts.length === 0 && sound.length === 0) {
    process.stderr.write(`Error: no bug, guarantee or place contains ${only.join(", ")}\n`);
    return 2;
  }
  const needsServer = [...hunts.map(([, { place }]) => place), ...sound.map((row) => row.hunt.place)].includes(
    "PostgreSQL",
  );
  const server = needsServer ? await findServer() : undefined;
  mkdirSync(out, { recursive: true });
  const say = (line: string): void => void (isJson ? process.stderr : process.stdout).write(`${line}\n`);
  const results: Result[] = [];
  const soundResults: SoundResult[] = [];
  try {
    for (const [bug, each] of hunts) {
      const result = await resultOf(bug, each, seed);
      results.push(result);
      const picture = drawStory(result, out);
      say(picture === undefined ? lineOf(result) : `${lineOf(result)}\n${" ".repeat(25)}${picture}`);
    }
    for (const row of sound) {
      const result = await soundResultOf(row, seed);
      soundResults.push(result);
      say(soundLineOf(result));
    }
  } finally {
    await dropSchemas();
    await server?.remove();
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ seed, results, sound: soundResults }, null, 2)}\n`);
  const missed = results.filter(({ finding }) => finding === null).length;
  const wronged = soundResults.filter(({ finding, problem }) => finding !== null || problem !== undefined).length;
  if (isKept && missed + wronged === 0)
    for (const file of await keepResults(results, soundResults)) say(`wrote ${file}`);
  say(
    `${results.length - missed} of ${results.length} found. Sound: ${soundResults.length - wronged} of ${soundResults.length}.`,
  );
  if (results.some(({ wasShipped }) => wasShipped)) say("* Queues that people relied on were shipped with it.");
  return missed + wronged === 0 ? 0 : 70;
}

/** The server of the hunts on PostgreSQL; `undefined` where it is somebody's own, and stays. */
async function findServer(): Promise<PostgresServer | undefined> {
  const given = process.env["MILLRACE_TEST_POSTGRES"];
  if (given !== undefined && given !== "") {
    giveServer({ url: given, reason: undefined });
    return undefined;
  }
  const server = await startRunServer();
  giveServer({ url: server.url, reason: undefined });
  return server;
}
