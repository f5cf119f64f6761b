import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBinaries, type Binaries } from "./binaries.ts";
import { hireCaretaker, type Caretaker } from "./caretaker.ts";
import { freePort } from "./free-port.ts";
import { Postmaster, runToEnd } from "./postmaster.ts";
import { serverUser, type ServerUser } from "./server-user.ts";

export interface ServerOptions {
  /** Settings of the server, on top of ours: `{ fsync: "off" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the server's folder is made. It must be open to all users. */
  readonly parentFolder?: string;
}

export type StopMode = "fast" | "immediate";

const OUR_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  max_connections: "300",
  // In files of its own: what lies elsewhere would stay behind when it is killed.
  dynamic_shared_memory_type: "mmap",
  log_timezone: "UTC",
  timezone: "UTC",
};

/** A PostgreSQL of the tests' own. It is gone, with all that it has written, when this process is. */
export class PostgresServer {
  /** The address of its one database, for a superuser. It stays the same for good. */
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly #postmaster: Postmaster;
  readonly #caretaker: Caretaker;

  constructor(postmaster: Postmaster, caretaker: Caretaker, place: Place) {
    this.port = place.port;
    this.dataFolder = place.dataFolder;
    this.url = `postgres://postgres:${place.password}@127.0.0.1:${place.port}/postgres`;
    this.#postmaster = postmaster;
    this.#caretaker = caretaker;
  }

  /** The id of the process that the others are children of, while there is one. */
  get pid(): number | undefined {
    return this.#postmaster.pid;
  }

  /** The last lines that it logged. */
  get log(): string {
    return this.#postmaster.log;
  }

  /** Start it again. Resolves when it accepts connections. */
  async start(): Promise<void> {
    await this.#postmaster.start();
  }

  /** "fast" rolls back what runs and shuts down in order; "immediate" leaves the next start to recover. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    await this.#postmaster.end(mode === "fast" ? "SIGINT" : "SIGQUIT");
  }

  /** End all its processes at once, as if the machine had lost its power. */
  async kill(): Promise<void> {
    await this.#postmaster.kill();
  }

  /** End it and delete its folder. */
  async remove(): Promise<void> {
    await this.#postmaster.end("SIGQUIT");
    await this.#caretaker.clear();
  }
}

export interface Place {
  readonly port: number;
  readonly folder: string;
  readonly dataFolder: string;
  readonly password: string;
}

/** Make an empty database, start its server, and resolve when it accepts connections. */
export async function startServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const user = serverUser();
  const folder = mkdtempSync(join(options.parentFolder ?? tmpdir(), "millrace-postgres-"));
  const password = randomBytes(12).toString("hex");
  const place: Place = { port: await freePort(), folder, dataFolder: join(folder, "data"), password };
  mkdirSync(place.dataFolder, { mode: 0o700 });
  chmodSync(folder, 0o755);
  if (user !== undefined) for (const each of [folder, place.dataFolder]) chownSync(each, user.uid, user.gid);
  const caretaker = hireCaretaker(place.dataFolder, folder);
  try {
    const binaries = findBinaries(user, folder);
    await createCluster(binaries, place, user);
    const postmaster = new Postmaster(binaries.postgres, argumentsFor(place, options), user);
    await postmaster.start();
    return new PostgresServer(postmaster, caretaker, place);
  } catch (error) {
    await caretaker.clear();
    throw error;
  }
}

/** Text sorts by its bytes, as in SQLite. The password keeps other users of the machine out. */
async function createCluster({ initdb, major }: Binaries, place: Place, user: ServerUser | undefined): Promise<void> {
  const passwordFile = join(place.folder, "password");
  writeFileSync(passwordFile, place.password, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const kind = ["--encoding=UTF8", "--locale=C", "--username=postgres"];
  const access = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  // Tests connect so often that the thousands of rounds would be felt.
  if (major >= 16) access.push("-c", "scram_iterations=1");
  await runToEnd(initdb, ["-D", place.dataFolder, ...kind, ...access, "--no-sync", "--no-instructions"], user);
}

export function argumentsFor({ port, dataFolder }: Place, { settings }: ServerOptions): readonly string[] {
  const all = { ...OUR_SETTINGS, port: String(port), unix_socket_directories: dataFolder, ...settings };
  return ["-D", dataFolder, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}
