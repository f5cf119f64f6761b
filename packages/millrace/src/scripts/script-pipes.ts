import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ScriptOutput } from "./script-output.ts";

export type ScriptProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** A pipe that brings nothing for this long, though the group is gone, is held open by a process outside of it. */
const IDLE_MS = 250;
/** Whoever holds it may go on writing; that is not the script's output any more. */
const MAX_IDLE_ROUNDS = 8;

/** The standard streams of a running script: its payload goes in, its lines come out. */
export class ScriptPipes {
  readonly #process: ScriptProcess;
  readonly #output: ScriptOutput;
  readonly #closed: Promise<unknown>;
  #byteCount = 0;

  constructor(process: ScriptProcess, output: ScriptOutput, payloadJson: string) {
    this.#process = process;
    this.#output = output;
    const { stdin, stdout, stderr } = process;
    const closed = [stdout, stderr].map(async (stream) => {
      // An error is followed by a close, and what came before it is kept.
      stream.on("error", () => {});
      return new Promise((resolve) => stream.once("close", resolve));
    });
    this.#closed = Promise.all(closed);
    stdout.on("data", (chunk: Buffer) => this.#take(output.stdout, chunk));
    stderr.on("data", (chunk: Buffer) => this.#take(output.stderr, chunk));
    // A script need not read its payload: when it ends, or closes its input, the rest meets a closed pipe.
    stdin.on("error", () => {});
    stdin.end(`${payloadJson}\n`);
  }

  /** Read what is left in the pipes once the group is gone, and close them, whoever else still holds them. */
  async close(): Promise<void> {
    for (let round = 0; round < MAX_IDLE_ROUNDS; round++) {
      const before = this.#byteCount;
      const timer = new AbortController();
      const idle = delay(IDLE_MS, false, { signal: timer.signal }).catch(() => false);
      const isClosed = await Promise.race([this.#closed.then(() => true), idle]);
      timer.abort();
      if (isClosed || (round > 0 && this.#byteCount === before)) break;
    }
    for (const stream of [this.#process.stdin, this.#process.stdout, this.#process.stderr]) stream.destroy();
    this.#output.stdout.end();
    this.#output.stderr.end();
  }

  #take(splitter: ScriptOutput["stdout"], chunk: Buffer): void {
    this.#byteCount += chunk.length;
    splitter.push(chunk);
  }
}
