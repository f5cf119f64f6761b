import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openMillrace } from "../packages/millrace/src/index.ts";
import { checkCommandLines } from "./docs/command-lines.ts";
import { ROOT } from "./docs/markdown.ts";
import { startProgram } from "./docs/start-program.ts";

const DEPLOY = join(ROOT, "deploy");
const BIN = join(ROOT, "packages/millrace/src/cli/bin.ts");
const folder = mkdtempSync(join(tmpdir(), "millrace-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isHere(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

function unitsOf(): readonly { readonly name: string; readonly text: string }[] {
  const names = readdirSync(join(DEPLOY, "systemd")).filter((name) => /\.(?:service|timer)$/.test(name));
  return names.map((name) => ({ name, text: readFileSync(join(DEPLOY, "systemd", name), "utf8") }));
}

/** What systemd has to say against the units. The programs that they start are not on this machine. */
async function verifyUnits(units: readonly { readonly name: string; readonly text: string }[]): Promise<string> {
  const place = mkdtempSync(join(folder, "units-"));
  for (const { name, text } of units) {
    writeFileSync(join(place, name), text.replaceAll(/^(ExecStart=)\S+/gm, "$1/bin/true"));
  }
  // A template is looked at in one of its instances.
  const paths = units.map(({ name }) => join(place, name.replace("@.", "@1.")));
  return (await startProgram("systemd-analyze", ["verify", "--man=no", ...paths], { cwd: place })).output.trim();
}

describe.skipIf(!isHere("systemd-analyze", "--version"))("the units for systemd", () => {
  test("are what systemd takes", async () => {
    const units = unitsOf();
    expect(units.length).toBeGreaterThan(3);
    expect(await verifyUnits(units)).toBe("");
  });

  test("would be refused with a word that it does not know", async () => {
    const units = unitsOf().map(({ name, text }) => ({ name, text: text.replace("UMask=", "Umask=") }));
    expect(await verifyUnits(units)).toMatch(/Unknown key (?:name )?'Umask'/);
  });
});

describe("the commands of what is deployed", () => {
  const units = unitsOf().flatMap(({ text }) => [...text.matchAll(/^ExecStart=\S+\/(millrace .+)$/gm)]);
  const containers = ["Dockerfile", "compose.yaml"]
    .map((name) => readFileSync(join(DEPLOY, "containers", name), "utf8"))
    .flatMap((text) => [...text.matchAll(/^ *(?:CMD|command:) (\[.+\])$/gm)])
    .map(([, words = ""]) => `millrace ${(JSON.parse(words) as string[]).join(" ")}`);
  const scripts = [...readFileSync(join(DEPLOY, "backup-sqlite.sh"), "utf8").matchAll(/^millrace .+$/gm)];
  const lines = [...units.map(([, line = ""]) => line), ...containers, ...scripts.map(([line]) => line)];

  test("are those of the command line", async () => {
    expect(lines.length).toBeGreaterThan(6);
    const text = ["```sh", ...lines, "```"].join("\n");
    expect(await checkCommandLines([{ path: "deploy", text }])).toEqual([]);
  });
});

describe.skipIf(!isHere("sqlite3", "--version"))("backup-sqlite.sh", () => {
  const path = join(folder, "bin");
  mkdirSync(path);
  const millrace = `#!/bin/sh\nexec "${process.execPath}" --conditions=millrace-source "${BIN}" "$@"\n`;
  writeFileSync(join(path, "millrace"), millrace, { mode: 0o755 });
  const env = { PATH: [path, process.env["PATH"]].join(delimiter) };
  async function backup(file: string, copies: string, keep: string): ReturnType<typeof startProgram> {
    return startProgram(join(DEPLOY, "backup-sqlite.sh"), [file, copies, keep], { cwd: folder, env });
  }

  async function aStore(name: string): Promise<string> {
    const file = join(folder, name);
    const mill = await openMillrace(`sqlite:${file}`);
    await mill.enqueue("greet");
    await mill.close();
    return file;
  }

  test("keeps checked copies, the last few of them", async () => {
    const store = await aStore("millrace.db");
    const copies = join(folder, "backups");
    mkdirSync(copies);
    writeFileSync(join(copies, "2020-01-01T000000Z.db"), "");
    writeFileSync(join(copies, "2020-01-02T000000Z.db"), "");
    const { status, output } = await backup(store, copies, "2");
    expect({ status, output }).toMatchObject({ status: 0 });
    const kept = readdirSync(copies).toSorted();
    expect(kept).toEqual(["2020-01-02T000000Z.db", expect.stringMatching(/^20\d\d-\d\d-\d\dT\d{6}Z\.db$/)]);
    const restored = await openMillrace(`sqlite:${join(copies, kept[1] ?? "")}`);
    expect(await restored.find({ scope: "default", number: 1 })).toMatchObject({ kind: "greet", state: "queued" });
    await restored.close();
  });

  test("keeps nothing that is not sound", async () => {
    const store = await aStore("broken.db");
    expect(spawnSync("sqlite3", [store, "DELETE FROM millrace_ready"]).status).toBe(0);
    const copies = join(folder, "copies");
    expect((await backup(store, copies, "2")).status).toBe(70);
    expect(readdirSync(copies)).toEqual([]);
  });
});
