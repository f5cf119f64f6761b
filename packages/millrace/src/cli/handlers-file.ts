import { spawnSync } from "node:child_process";
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Handler } from "../core/handler.ts";
import type { JobDefinition } from "../core/kind.ts";
import { nameProblem, show } from "../core/options.ts";
import type { Millrace, Worker } from "../index.ts";
import { importModule } from "./import-module.ts";
import { reasonOf } from "./payload.ts";
import { UsageError } from "./usage-error.ts";

const FORMS = [
  'export default { "mail.send": async (job, ctx) => { … } }',
  "export default [[definition, async (job, ctx) => { … }]]",
  "export default (worker, mill) => { worker.handle(…) }",
];

type Register = (worker: Worker<Millrace>, mill: Millrace) => Promise<void>;

/**
 * The handlers that a module exports, ready to be put on a worker. The module is run once, here.
 * @throws UsageError naming the file and what is wrong with it
 */
export async function loadHandlers(file: string): Promise<Register> {
  const path = resolve(file);
  const found = await stat(path).catch((error: unknown) => reasonOf(error));
  if (typeof found === "string") throw new UsageError(`the handlers file ${file} cannot be read: ${found}`);
  if (!found.isFile()) throw new UsageError(`the handlers file ${file} is no file`);
  const exported = await importDefault(path, file);
  if (typeof exported === "function") return async (worker, mill) => callSetup(exported, worker, mill, file);
  const pairs = pairsOf(exported, file);
  return async (worker) => {
    for (const [kind, handler] of pairs) {
      if (typeof kind === "string") worker.handle(kind, handler);
      else worker.handle(kind, handler);
    }
  };
}

async function importDefault(path: string, file: string): Promise<unknown> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importModule(path);
  } catch (error) {
    throw new UsageError(`the handlers file ${file} cannot be loaded: ${told(error, path)}`);
  }
  if (module["default"] !== undefined) return module["default"];
  const names = Object.keys(module);
  const found = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")} and no default`;
  throw new UsageError(`the handlers file ${file} has no default export: ${found}`, { validOptions: FORMS });
}

async function callSetup(setup: unknown, worker: Worker<Millrace>, mill: Millrace, file: string): Promise<void> {
  try {
    await (setup as (worker: Worker<Millrace>, mill: Millrace) => unknown)(worker, mill);
  } catch (error) {
    throw new UsageError(`the function that ${file} exports has failed: ${told(error, resolve(file))}`);
  }
}

type Pair = readonly [string | JobDefinition, Handler];

function pairsOf(exported: unknown, file: string): readonly Pair[] {
  if (typeof exported !== "object" || exported === null) {
    throw new UsageError(`the default export of ${file} is ${show(exported)}, which holds no handlers`, {
      validOptions: FORMS,
    });
  }
  const isList = Array.isArray(exported) || exported instanceof Map;
  const entries: readonly unknown[] = isList ? [...(exported as Iterable<unknown>)] : Object.entries(exported);
  if (entries.length === 0) {
    throw new UsageError(`the default export of ${file} holds no handlers: it is empty`, { validOptions: FORMS });
  }
  return entries.map((entry) => {
    const [kind, handler] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const name = isDefinition(kind) ? kind.kind : kind;
    const problem = Array.isArray(entry)
      ? nameProblem(name, "a kind")
      : `an entry is ${show(entry)}, no pair of kind and handler`;
    if (problem !== undefined)
      throw new UsageError(`the default export of ${file} is wrong: ${problem}`, { validOptions: FORMS });
    if (typeof handler !== "function") {
      throw new UsageError(`the handler of ${show(name)} in ${file} is no function; it is ${show(handler)}`, {
        validOptions: FORMS,
      });
    }
    return [kind, handler] as unknown as Pair;
  });
}

function isDefinition(value: unknown): value is JobDefinition {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}

/** The message of an error, with the place in the user's files that it comes from. */
function told(error: unknown, path: string): string {
  if (!(error instanceof Error)) return show(error);
  const message = error.message.split("\n")[0] ?? "";
  const place = placeOf(error.stack ?? "") ?? (error instanceof SyntaxError ? placeOf(checkSyntax(path)) : null);
  return `${error.name}: ${message}${place === null ? "" : ` (${place})`}`;
}

/** The first `file:line` of a stack, or of what Node prints above one. */
function placeOf(stack: string): string | null {
  const [, url, file, line] =
    /(?:(file:\/\/\/[^\s)]+?)|(?<=^|[\s(])((?:\/|[A-Za-z]:\\)[^\s():]+)):(\d+)(?:$|[\s:)])/m.exec(stack) ?? [];
  const path = url === undefined ? file : fileURLToPath(url);
  return path === undefined ? null : `${relative(process.cwd(), path)}:${line}`;
}

/** A module with a mistake in its syntax does not say where; Node does when it only checks the file. */
function checkSyntax(path: string): string {
  return spawnSync(process.execPath, ["--check", path], { encoding: "utf8", timeout: 5_000 }).stderr;
}
