// A disposable machine: a process of its own that is told one build, and whose end ends everything in it. It has the
// source in its folder, and the signing key in its memory only.
import { spawn } from "node:child_process";
import { sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { SOURCE, type Order } from "./orders.ts";
import { unpack } from "./unpack.ts";

export interface RoomOrder extends Order {
  /** An Ed25519 key in PEM. */
  readonly signingKey: string;
}

export type RoomWord =
  | { readonly says: "trying it out" }
  /** Nobody could build this. */
  | { readonly says: "unfit"; readonly reason: string }
  | { readonly says: "built"; readonly file: string; readonly signature: string };

const FOLDER = join(process.cwd(), "package");

async function build({ version, tryMs, signingKey }: RoomOrder): Promise<RoomWord> {
  try {
    unpack(readFileSync(SOURCE), process.cwd());
  } catch (error) {
    return { says: "unfit", reason: (error as Error).message };
  }
  await run(FOLDER, process.execPath, "test/index.test.ts");
  await run(FOLDER, process.execPath, "--disable-warning=ExperimentalWarning", "build.ts");
  tell({ says: "trying it out" });
  await tryOut(tryMs);
  const file = await pack(version);
  return { says: "built", file, signature: sign(null, readFileSync(file), signingKey).toString("base64") };
}

/** What it prints goes where ours goes: into the log of the job. */
async function run(cwd: string, command: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${args.join(" ")} ended with code ${code}`);
}

async function tryOut(ms: number): Promise<void> {
  const { slugOf } = (await import(pathToFileURL(join(FOLDER, "dist/index.js")).href)) as {
    readonly slugOf: (text: string) => string;
  };
  let count = 0;
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const slug = slugOf(`Try ${++count}: ${crypto.randomUUID()}`);
    if (slugOf(slug) !== slug) throw new Error(`${slug} is not its own slug`);
  }
  console.log(`tried out ${count} times`);
}

/** The package under this version, in the form that `npm install` takes. Answers the name of its file. */
async function pack(version: string): Promise<string> {
  const about = join(FOLDER, "package.json");
  const { name, ...rest } = JSON.parse(readFileSync(about, "utf8")) as { readonly name: string };
  writeFileSync(about, JSON.stringify({ name, ...rest, version }));
  const file = `${name}-${version}.tgz`;
  await run(process.cwd(), "tar", "-czf", file, "package");
  return file;
}

function tell(word: RoomWord): void {
  process.send?.(word);
}

process.on("disconnect", () => process.exit()); // the machine around this room is gone
process.once("message", (order: RoomOrder) => {
  build(order)
    .then(tell)
    .catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    })
    .finally(() => process.disconnect());
});
