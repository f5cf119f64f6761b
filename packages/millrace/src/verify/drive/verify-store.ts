import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Millrace } from "../../runtime/millrace.ts";
import { chanceFrom } from "../../core/chance.ts";
import type { FaultName } from "../faults/fault.ts";
import type { Ground } from "../faults/ground.ts";
import { layGround } from "../faults/lay-ground.ts";
import { processFaults } from "../faults/process-faults.ts";
import type { Entry, FaultEntry } from "../history/entry.ts";
import { abilitiesOf, leftOut, type Abilities } from "./abilities.ts";
import { Crew } from "./crew.ts";
import { openFolder } from "./drive-folder.ts";
import { judgeDrive } from "./judge-drive.ts";
import { LEASE_MS, placesOf, type Places } from "./messages.ts";
import { microseconds } from "./microseconds.ts";
import { openRecorded } from "./open-recorded.ts";
import { createNotes, readNotes } from "./own-connection.ts";
import { readFinalJobs } from "./read-final-jobs.ts";
import { writeRun } from "./recorded-run.ts";
import { runDrive, type Driven } from "./run-drive.ts";
import { factsOf } from "./run-facts.ts";
import { Steward } from "./steward.ts";
import type { Remains } from "./remains.ts";
import {
  resolveVerifyOptions,
  type ResolvedVerifyOptions,
  type VerifyOptions,
  type VerifyProgress,
} from "./verify-options.ts";
import type { VerifyOutcome } from "./verify-outcome.ts";
import { isServerUrl } from "./store-url.ts";

/**
 * Drive a store with a crew of processes that do everything at once while faults are brought to them, let it heal, and
 * check what was asked and answered, and the data, for broken guarantees. Only what is made for it is touched.
 * @throws OptionsError before anything starts, for a wrong option or a fault that cannot be brought there; StoreError
 *   when the store cannot be reached
 */
export async function verifyStore(input: VerifyOptions): Promise<VerifyOutcome> {
  const options = resolveVerifyOptions(input);
  const folder = openFolder(options.report);
  try {
    const drive = new Drive(options, folder.path, input);
    const outcome = await drive.run();
    const isKept = options.report !== null || (outcome.verdict !== "ok" && input.signal?.aborted !== true);
    if (!isKept) folder.remove();
    return { ...outcome, folder: isKept ? folder.path : null };
  } catch (error) {
    if (options.report === null) folder.remove();
    throw error;
  }
}

const STEWARD = "drive";
/** After its lease, a worker that died counts as gone; so long may it take a busy machine to say so. */
const GONE_LIMIT_MS = LEASE_MS + 10_000;

class Drive {
  readonly #options: ResolvedVerifyOptions;
  readonly #folder: string;
  readonly #abilities: Abilities;
  readonly #places: Places;
  readonly #onProgress: (progress: VerifyProgress) => void;
  readonly #stop: AbortSignal;
  readonly #strikes = new Map<FaultName, number>();
  #crew: Crew | undefined;

  constructor(options: ResolvedVerifyOptions, folder: string, { onProgress, signal }: VerifyOptions) {
    this.#options = options;
    this.#folder = folder;
    this.#abilities = abilitiesOf(options.store, options.faults);
    // A server's organisation holds other things as well, and what drives before this one have left.
    const prefix = isServerUrl(options.store) ? `verify-${options.seed}-${Date.now().toString(36)}-` : "";
    this.#places = placesOf(prefix);
    this.#onProgress = onProgress ?? (() => undefined);
    this.#stop = signal ?? new AbortController().signal;
  }

  async run(): Promise<VerifyOutcome> {
    const { store, faults, postgresBin, seed } = this.#options;
    this.#tell({ phase: "starting", share: 0 });
    const ground = await layGround({
      store,
      faults,
      postgresBin: postgresBin ?? undefined,
      chance: chanceFrom(seed + 1),
      victims: () => this.#crew?.members ?? [],
    });
    let hasFailed = true;
    try {
      const outcome = await this.#on(ground);
      hasFailed = outcome.verdict !== "ok" && !this.#stop.aborted;
      return { ...outcome, kept: await ground.end(hasFailed) };
    } catch (error) {
      await ground.end(false);
      throw error;
    }
  }

  async #on(ground: Ground): Promise<VerifyOutcome> {
    const mill = await openRecorded({ name: STEWARD, url: ground.ownUrl, key: this.#options.key }, (entry) =>
      this.#record(entry),
    );
    this.#record({
      type: "process",
      at: microseconds(),
      process: STEWARD,
      name: STEWARD,
      pid: process.pid,
      seed: this.#options.seed,
      role: "steward",
    });
    try {
      if (this.#abilities.transactions !== null) await createNotes(ground.ownUrl);
      const steward = new Steward(mill, this.#places, this.#abilities);
      await steward.prepare();
      const driven = await this.#drive(ground, steward);
      const checkedAt = performance.now();
      this.#tell({ phase: "checking", share: 0 });
      const remains = driven.isStopped ? null : await this.#look(mill, ground);
      const facts = factsOf(this.#options, this.#crew);
      writeRun(this.#folder, remains?.jobs ?? [], facts);
      const { crashes = [], kills = 0, members = [] } = this.#crew ?? {};
      const judged = judgeDrive({
        folder: this.#folder,
        driven,
        remains,
        crashes,
        facts,
        leftOut: leftOut(this.#abilities),
        places: this.#places,
        hasOwnClock: ground.hasOwnClock || !this.#options.faults.includes("clock"),
      });
      return {
        ...judged,
        seed: this.#options.seed,
        command: facts.command,
        leftOut: leftOut(this.#abilities),
        folder: null,
        kept: null,
        figures: {
          ...judged.figures,
          kills,
          processes: members.length,
          faults: Object.fromEntries(this.#strikes),
          seconds: {
            driving: driven.drivingSeconds,
            draining: driven.drainingSeconds,
            checking: (performance.now() - checkedAt) / 1_000,
          },
        },
      };
    } finally {
      await mill.close();
    }
  }

  async #drive(ground: Ground, steward: Steward): Promise<Driven> {
    const { seed, key, workers, jobs, faults } = this.#options;
    const crew = new Crew({
      url: ground.url,
      key,
      folder: this.#folder,
      seed,
      slots: workers,
      jobs,
      places: this.#places,
      abilities: this.#abilities,
      hasOwnClock: ground.hasOwnClock,
      record: (entry) => this.#struck(entry),
    });
    this.#crew = crew;
    try {
      await crew.started();
      return await runDrive({
        options: this.#options,
        crew,
        steward,
        processFaults: processFaults({
          names: faults,
          victims: () => crew.members,
          chance: chanceFrom(seed + 5),
          leaseMs: LEASE_MS,
          ground,
        }),
        storeFaults: ground.faults,
        record: (entry) => this.#struck(entry),
        tell: (progress) => this.#tell(progress),
        stop: this.#stop,
      });
    } finally {
      await crew.end();
    }
  }

  async #look(mill: Millrace, ground: Ground): Promise<Remains> {
    const { transactions, hasAudit } = this.#abilities;
    const isComparable = hasAudit && (ground.hasOwnClock || !this.#options.faults.includes("clock"));
    return {
      jobs: await readFinalJobs(mill, this.#places),
      notes: transactions === null ? [] : await readNotes(ground.ownUrl),
      audit: hasAudit ? await mill.verify() : null,
      undead: isComparable ? await undeadWorkers(mill) : [],
    };
  }

  #struck(entry: FaultEntry): void {
    const name = entry.fault as FaultName;
    this.#strikes.set(name, (this.#strikes.get(name) ?? 0) + 1);
    this.#record(entry);
  }

  #record(entry: Entry): void {
    appendFileSync(join(this.#folder, `history-${STEWARD}.jsonl`), `${JSON.stringify(entry)}\n`);
  }

  #tell(progress: Pick<VerifyProgress, "phase" | "share">): void {
    const { added = 0, ran = 0, kills = 0 } = this.#crew ?? {};
    const faults = [...this.#strikes.values()].reduce((sum, count) => sum + count, 0);
    this.#onProgress({ ...progress, jobs: added, ran, faults, kills });
  }
}

/** Names of those who are taken for alive although all have ended, for longer than that can be. */
async function undeadWorkers(mill: Millrace): Promise<readonly string[]> {
  const endAt = performance.now() + GONE_LIMIT_MS;
  for (;;) {
    const workers = await mill.workers();
    if (workers.length === 0 || performance.now() > endAt) return workers.map(({ name }) => name);
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
}
