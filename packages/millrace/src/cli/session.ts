import type { Command } from "commander";
import type { Logger, Millrace } from "../index.ts";
import { StoreError } from "../core/errors.ts";
import { show } from "../core/options.ts";
import type { Store } from "../core/store.ts";
import { DEFAULT_STORE, fileStore, PRIVATE_STORE, type Environment } from "./env.ts";
import { Output } from "./output.ts";
import { serverTarget, type ServerTarget } from "./server-target.ts";
import { storeText } from "./store-text.ts";
import { UsageError } from "./usage-error.ts";

/** Options that every command takes. */
export interface SharedFlags {
  readonly store?: string;
  readonly server?: string;
  /** For the server; `enqueue` has an option of that name which is something else. */
  readonly key?: string;
  readonly json?: boolean;
}

interface OpenOptions {
  /** Make the store if there is none, and bring it up to date. @default false: looking changes nothing */
  readonly mayCreate?: boolean;
  /** Use also a store that ends with this process. @default false: what is put there would be lost */
  readonly mayBePrivate?: boolean;
  /** A store, whatever server is named. @default the server or the store of the session */
  readonly target?: string;
  /** @default says nothing */
  readonly logger?: Logger;
}

/** One run of the command line: what it prints to, which store it works on, and how it ends. */
export class Session {
  readonly env: Environment;
  readonly out: Output;
  /** What the process ends with when nothing is thrown. */
  exitCode = 0;
  /** The program with everything every command takes; for what describes all of it. */
  loadProgram: () => Promise<Command>;
  #flags: SharedFlags = {};

  constructor(env: Environment) {
    this.env = env;
    this.loadProgram = async () => Promise.reject(new Error("the program has not been created"));
    this.out = new Output({
      stdout: process.stdout,
      stderr: process.stderr,
      allowsColour: env.allowsColour,
    });
  }

  /** Take over what was typed, before the command runs. */
  begin(flags: SharedFlags): void {
    this.#flags = flags;
    this.out.isJson = flags.json === true;
  }

  /** The store somebody named on the command line; `null` leaves the choice to the environment and the default. */
  get namedStore(): string | null {
    return this.#flags.store ?? null;
  }

  /** The server somebody named on the command line. */
  get namedServer(): string | null {
    return this.#flags.server ?? null;
  }

  /** The server to work with, if any. @throws UsageError */
  server(): ServerTarget | null {
    return serverTarget(this.#flags, this.env);
  }

  /** Whatever there is to work on can be worked on, as far as its name says. @throws UsageError */
  checkPlace(): void {
    if (this.server() === null) this.storeTarget();
  }

  /**
   * The store to work on: `--store`, then `MILLRACE_STORE`, then a file in this folder.
   * @throws UsageError where a server is named instead
   */
  storeTarget(): string {
    const server = this.#flags.server ?? (this.#flags.store === undefined ? this.env.server : null);
    if (server !== null) {
      const from = this.#flags.server === undefined ? "MILLRACE_SERVER" : "--server";
      throw new UsageError(`${from} names a server, and this command works on the store itself`, {
        suggestion: "run it where the store is, with --store",
      });
    }
    return checkTarget(this.#flags.store ?? this.env.store ?? DEFAULT_STORE, "--store");
  }

  /**
   * Open the store or the server, use it, and close it again whatever happens. With `target`, that store and no server.
   * @throws StoreError where there is none, or an old one, and it may not be made or changed
   */
  async withMill<T>(use: (mill: Millrace) => Promise<T>, options: OpenOptions = {}): Promise<T> {
    const server = options.target === undefined ? this.server() : null;
    const mill = await (server === null ? this.#openStore(options) : openServer(server, options));
    try {
      return await use(mill);
    } finally {
      await mill.close();
    }
  }

  async #openStore(options: OpenOptions): Promise<Millrace> {
    const { target = this.storeTarget(), mayCreate = false, mayBePrivate = false, ...rest } = options;
    if (!mayBePrivate) refusePrivate(target);
    // Only now: `--help` and wrong flags need no driver.
    const { openMillrace } = await import("../index.ts");
    if (!mayCreate) await requireStore(target);
    const { secretKey } = this.env;
    const sealing = secretKey === null ? {} : { secretKey };
    return openMillrace(target, { ...rest, ...sealing, migrate: mayCreate });
  }
}

async function openServer({ url, key }: ServerTarget, { logger }: OpenOptions): Promise<Millrace> {
  const { openMillrace } = await import("../index.ts");
  return openMillrace(url, { key, ...(logger === undefined ? {} : { logger }) });
}

/** As `withMill`, for what works on the data of all organisations alike. */
export async function withStore<T>(
  target: string,
  use: (store: Store) => Promise<T>,
  { mayCreate = false }: Pick<OpenOptions, "mayCreate"> = {},
): Promise<T> {
  refusePrivate(target);
  const { openStore } = await import("../open-store.ts");
  if (!mayCreate) await requireStore(target);
  const store = await openStore(target, { migrate: mayCreate });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** @throws UsageError when it is not the form of a store's name */
export function checkTarget(target: string, flag: string): string {
  if (target.trim() === "") {
    throw new UsageError(`${flag} names no store`, { suggestion: `${flag} ${DEFAULT_STORE}` });
  }
  // The mistake most often made, and the one whose repair is certain.
  if (!/^[a-z][a-z\d+.-]*:/i.test(target)) {
    throw new UsageError(`${show(target)} names no store: it does not say of which kind`, {
      suggestion: fileStore(target),
    });
  }
  if (/^https?:/i.test(target)) {
    throw new UsageError(`${flag} names a server, where a store is asked for`, {
      suggestion: flag === "--store" ? `--server ${target}` : "run it where the store is",
    });
  }
  return target;
}

function refusePrivate(target: string): void {
  if (target !== PRIVATE_STORE) return;
  throw new UsageError("a store in memory ends with this command, and its jobs with it", {
    suggestion: DEFAULT_STORE,
  });
}

/** A mistyped name must not leave an empty store behind, which then answers that there are no jobs. */
async function requireStore(target: string): Promise<void> {
  const { pendingMigrations } = await import("../open-store.ts");
  const [first] = await pendingMigrations(target);
  if (first?.version !== 1) return;
  throw new StoreError(
    "store_unavailable",
    `there is no store ${storeText(target)} yet; \`millrace enqueue\` and \`millrace work\` make one`,
  );
}
