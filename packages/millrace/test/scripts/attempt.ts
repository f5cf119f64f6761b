import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ScriptContext } from "../../src/scripts/run-script.ts";

/** An empty folder, which goes when the test does. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-scripts-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeScript(folder: string, file: string, text: string | readonly string[], mode = 0o755): string {
  const path = join(folder, file);
  writeFileSync(path, typeof text === "string" ? text : `${text.join("\n")}\n`);
  chmodSync(path, mode);
  return path;
}

/** A shell script in a folder of its own. */
export function shellScript(...lines: readonly string[]): { readonly path: string; readonly folder: string } {
  const folder = temporaryFolder();
  return { path: writeScript(folder, "script.sh", ["#!/bin/sh", ...lines]), folder };
}

/** A handler's context that keeps what it is told, and lets a test wait for a line. */
export class Attempt implements ScriptContext {
  readonly token = 5;
  readonly lines: string[] = [];
  readonly logs: string[] = [];
  readonly progressed: [number, string | undefined][] = [];
  readonly #controller = new AbortController();
  readonly #waiting: { readonly wanted: RegExp; readonly resolve: (line: string) => void }[] = [];

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What was given with the job. */
  given: Readonly<Record<string, string>> = {};

  readonly secrets = async (): Promise<Readonly<Record<string, string>>> => this.given;

  readonly progress = (percent: number, message?: string): void => {
    this.progressed.push([percent, message]);
  };

  readonly log = (text: string): void => {
    this.logs.push(text);
  };

  readonly output = (stream: "stdout" | "stderr", text: string): void => {
    const line = `${stream}: ${text}`;
    this.lines.push(line);
    for (const { wanted, resolve } of this.#waiting) if (wanted.test(line)) resolve(line);
  };

  stop(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The first line that matches, be it printed already or still to come. */
  async line(wanted: RegExp): Promise<string> {
    const printed = this.lines.find((line) => wanted.test(line));
    if (printed !== undefined) return printed;
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }

  /** The numbers in a line such as `stdout: pids 12 13`. */
  async pids(): Promise<number[]> {
    return (await this.line(/^stdout: pids /)).split(" ").slice(2).map(Number);
  }
}

/** Those that still run. One that is dead and only waits to be reaped does not. */
export function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
    } catch {
      return false;
    }
    if (process.platform !== "linux") return true;
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "latin1");
      return !/^[ZX]/.test(text.slice(text.lastIndexOf(")") + 2));
    } catch {
      return false;
    }
  });
}

/** Resolves when a process has ended and its parent has taken note; an orphan need only have ended. */
export async function reaped(pid: number, isOrphan = false): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (isOrphan && living([pid]).length === 0) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Kill what a test has set free on purpose. */
export function killLater(pids: readonly number[]): void {
  onTestFinished(() => {
    for (const pid of living(pids)) process.kill(pid, "SIGKILL");
  });
}
