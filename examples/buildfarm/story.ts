import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { isMillraceError, type MillraceClient, type WireJob } from "millrace/client";
import { Machines } from "./machines.ts";
import type { Farm } from "./open-farm.ts";
import { order, packSource, retry, sendSource } from "./submit.ts";
import { Watch } from "./watch.ts";

/** Long enough for something to happen to a machine meanwhile. */
const LONG_TRY_MS = 1_200;
const BUILDS = 10;

/** What came of it. */
export interface Story {
  /** The builds of ada, in order, and the retry of one. */
  readonly builds: readonly WireJob[];
  /** A build that nobody could do. */
  readonly unfit: WireJob;
  readonly ada: MillraceClient;
  /** What bob was told when he asked for a build of ada's, and what a machine was told that had no lease of it. */
  readonly refusals: readonly string[];
  /** Lines that somebody read as they came, from the build that was cancelled and from one that was not. */
  readonly followed: { readonly cancelled: number; readonly completed: number };
  readonly publicKey: KeyObject;
  readonly signingKey: string;
}

/**
 * Ten builds on four machines. One machine is killed, one freezes and speaks up late, one leaves, and one build is
 * cancelled; another one's source comes late. Then the cancelled one is built after all.
 */
export async function tellStory(farm: Farm): Promise<Story> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signingKey = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const source = await packSource(farm.folder);
  const [{ client: ada }, { client: bob }] = [
    await farm.clientFor("member", "ada"),
    await farm.clientFor("member", "bob"),
  ];
  const { client: stranger, key } = await farm.clientFor("worker", "volunteers");
  const machines = new Machines(farm, key);
  const watch = new Watch(farm.mill);
  const ask = (n: number, tryMs = 0): Promise<WireJob> => order(ada, { version: `1.0.${n}`, tryMs }, signingKey);

  /** While build `number` is being tried out. */
  async function during(number: number) {
    const job = await watch.see(number, "progress");
    return { job, machine: await machines.holderOf(job) };
  }

  async function kill(): Promise<void> {
    (await during(1)).machine.signal("SIGKILL");
    await machines.join();
  }

  async function freeze(): Promise<void> {
    const { machine } = await during(2);
    machine.signal("SIGSTOP");
    await watch.see(2, "completed", "failed");
    machine.signal("SIGCONT");
    await machine.refused;
  }

  async function leave(): Promise<void> {
    await (await during(3)).machine.end();
  }

  async function cancel(): Promise<void> {
    await ada.cancel((await during(4)).job, { reason: "not this one" });
    await watch.see(4, "cancelled");
  }

  async function sendLate(): Promise<void> {
    const build = await ask(BUILDS);
    await watch.see(BUILDS, "snoozed");
    await sendSource(ada, build, source);
  }

  try {
    const builds: WireJob[] = [];
    for (let n = 1; n < BUILDS; n++) {
      const build = await ask(n, n <= 4 ? LONG_TRY_MS : 0);
      await sendSource(ada, build, source);
      builds.push(build);
    }
    const [, , , fourth, fifth] = builds as [WireJob, WireJob, WireJob, WireJob, WireJob];
    const follow = Promise.all([countLines(ada, fourth), countLines(ada, fifth)]);
    await Promise.all(Array.from({ length: 4 }, () => machines.join()));
    await Promise.all([kill(), freeze(), leave(), cancel(), sendLate()]);

    await retry(ada, fourth, signingKey);
    const unfit = await order(bob, { version: "0.0.1", tryMs: 0 }, signingKey);
    await sendSource(bob, unfit, "this is no archive");
    for (let n = 1; n <= BUILDS + 2; n++) await watch.see(n, "completed", "failed", "cancelled");

    const refusals = [await codeOf(bob.get(fifth.id)), await codeOf(stranger.getArtifact(fifth.id, "package.tgz"))];
    const [cancelled, completed] = await follow;
    const { jobs } = await ada.list({ queue: "builds" });
    return {
      builds: jobs.toReversed(),
      unfit: (await bob.get(unfit.id)) ?? unfit,
      ada,
      refusals,
      followed: { cancelled, completed },
      publicKey,
      signingKey,
    };
  } finally {
    watch.end();
    await machines.end();
  }
}

/** Read a build's log as it comes; ends with the build, however that ends. */
async function countLines(client: MillraceClient, { id }: WireJob): Promise<number> {
  let count = 0;
  for await (const _ of client.followLogs(id)) count += 1;
  return count;
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "no refusal",
    (error: unknown) => (isMillraceError(error) ? error.code : String(error)),
  );
}
