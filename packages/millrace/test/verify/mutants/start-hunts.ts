import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { StoryLine } from "../../../src/verify/check/verdict.ts";
import { millrace, startMillrace, type Running } from "../../cli/spawn-millrace.ts";
import type { ClassicBug, Finding, Hunt } from "./classic-bug.ts";
import type { SourceEdit } from "./edited-sources.ts";
import { editedProcess } from "./run-edited.ts";

const GOOD_KEY = "a-key-of-an-owner-with-forty-characters!";

/** Something that no server must be started with. */
export interface BadStart {
  /** As a sentence goes on after "a server was started". */
  readonly how: string;
  readonly args?: readonly string[];
  /** @default one that is good */
  readonly key?: string | null;
  /** Done to its store before. */
  readonly prepare?: (file: string) => void;
  /** What a sound one says as it refuses, and ends with. */
  readonly refusal: RegExp;
  readonly exitCode: number;
}

/** A bug in what is asked at the start, and the start at which it shows. */
export function startBug(
  bug: string,
  start: BadStart,
  edits: readonly SourceEdit[],
  { wasShipped = false } = {},
): ClassicBug {
  return { bug, guarantee: "G13", wasShipped, hunts: [huntAtStart(start, edits)] };
}

/** Start a server as it must not be started; one that does not refuse is asked for something. */
export function huntAtStart(start: BadStart, edits: readonly SourceEdit[]): Hunt {
  return {
    place: "server",
    async run({ seed }): Promise<Finding | null> {
      const story = await storyOf(start, edits);
      if (story === null) return null;
      const message = `a server was started ${start.how}, and did not refuse`;
      const violation = { guarantee: "G13", message, rows: [], story };
      return { guarantee: "G13", foundBy: "start-up", operations: story.length, violation, seed };
    },
  };
}

/** What happened instead; `null` where it refused, and said why. */
async function storyOf(start: BadStart, edits: readonly SourceEdit[]): Promise<readonly StoryLine[] | null> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-start-"));
  const begin = performance.now();
  const now = (): number => Math.round((performance.now() - begin) * 1_000);
  const { nodeOptions, env } = editedProcess(edits);
  const { key = GOOD_KEY, args = [], prepare } = start;
  try {
    if (prepare !== undefined) {
      await millrace(["migrate"], { cwd: folder });
      prepare(join(folder, "millrace.db"));
    }
    const from = now();
    const server = startMillrace(["serve", "--port", "0", "--json", ...args], {
      cwd: folder,
      nodeOptions,
      env: { ...env, ...(key === null ? {} : { MILLRACE_API_KEY: key }) },
    });
    const url = await urlOf(server);
    if (url === null) return await refusedStory(start, server, { from, until: now() });
    const started = { from, until: now(), process: "server", said: `was started ${start.how}, and listens` };
    const asked = await askedStory(url, key ?? GOOD_KEY, now);
    server.child.kill("SIGKILL");
    await server.ended;
    return [started, asked];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where it listens; `null` where it ended before. */
async function urlOf(server: Running): Promise<string | null> {
  let stdout = "";
  server.child.stdout?.on("data", (text: string) => (stdout += text));
  try {
    await server.printed("Ctrl-C stops.");
  } catch {
    return null;
  }
  return (JSON.parse(stdout) as { readonly url: string }).url;
}

async function refusedStory(
  { refusal, exitCode: right, how }: BadStart,
  server: Running,
  span: Pick<StoryLine, "from" | "until">,
): Promise<readonly StoryLine[] | null> {
  const { exitCode, stderr } = await server.ended;
  if (exitCode === right && refusal.test(stderr)) return null;
  const said = `was started ${how}, and ended with ${exitCode}: ${stderr.trim().split("\n")[0] ?? ""}`;
  return [{ ...span, process: "server", said }];
}

async function askedStory(url: string, key: string, now: () => number): Promise<StoryLine> {
  const from = now();
  const { status } = await fetch(`${url}/v1/jobs`, { headers: { Authorization: `Bearer ${key}` } });
  return {
    from,
    until: now(),
    process: "client",
    said: `made the first request, with a key, and was answered ${status}`,
  };
}

/** A store of a later version. */
export function fromTheFuture(file: string): void {
  const db = new Database(file);
  db.exec("INSERT INTO millrace_schema (version, name, applied_at) VALUES (999, 'of a later version', 0)");
  db.close();
}
