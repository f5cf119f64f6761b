import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../free-port.ts";
import { binariesIn, type Binaries } from "./binaries.ts";
import { hireCaretaker, type Caretaker } from "./caretaker.ts";
import { Postmaster, runToEnd } from "./postmaster.ts";
import { serverUser, type ServerUser } from "./server-user.ts";
import { SmallDisk } from "./small-disk.ts";

const run = promisify(execFile);

/** Settings of a server by their names: `{ fsync: "off" }`. */
export type ServerSettings = Readonly<Record<string, string>>;

export interface ServerOptions {
  /** Where its programs are. */
  readonly binFolder: string;
  /** On top of ours. */
  readonly settings?: ServerSettings;
  /** Where the server's folder is made. It must be open to all users. */
  readonly parentFolder?: string;
  /** Whether its data lies on a file system of its own, in memory, which can be full. Only root may mount one. */
  readonly hasOwnDisk?: boolean;
  /** @default one that nobody listens on */
  readonly port?: number;
}

export type StopMode = "fast" | "immediate";

const OUR_SETTINGS: ServerSettings = {
  listen_addresses: "127.0.0.1",
  max_connections: "300",
  // In files of its own: what lies elsewhere would stay behind when it is killed.
  dynamic_shared_memory_type: "mmap",
  log_timezone: "UTC",
  timezone: "UTC",
};

/** A PostgreSQL of our own. It is gone, with all that it has written, when this process is. */
export class PostgresServer {
  /** The address of its one database, for a superuser. It stays the same for good. */
  readonly url: string;
  readonly place: Place;
  readonly #postmaster: Postmaster;
  #settings: ServerSettings = {};

  private constructor(place: Place, postmaster: Postmaster) {
    this.place = place;
    this.url = `postgres://postgres:${place.password}@127.0.0.1:${place.port}/postgres`;
    this.#postmaster = postmaster;
  }

  /** The server whose data are at a place. Resolves when it accepts connections. */
  static async startAt(place: Place, settings: ServerSettings): Promise<PostgresServer> {
    const { binaries, dataFolder, port, user } = place;
    const args = ["-D", dataFolder, ...argumentsOf({ ...OUR_SETTINGS, port: String(port), ...settings })];
    const sockets = argumentsOf({ unix_socket_directories: dataFolder });
    const server = new PostgresServer(place, new Postmaster(binaries.postgres, [...args, ...sockets], user));
    await server.start();
    return server;
  }

  get port(): number {
    return this.place.port;
  }

  get dataFolder(): string {
    return this.place.dataFolder;
  }

  /** The id of the process that the others are children of, while there is one. */
  get pid(): number | undefined {
    return this.#postmaster.pid;
  }

  /** The last lines that it logged. */
  get log(): string {
    return this.#postmaster.log;
  }

  /**
   * Start it again. Resolves when it accepts connections.
   * @param settings on top of those that it always has; those of its last start unless given
   */
  async start(settings: ServerSettings = this.#settings): Promise<void> {
    this.#settings = settings;
    await this.#postmaster.start(argumentsOf(settings));
  }

  /** "fast" rolls back what runs and shuts down in order; "immediate" leaves the next start to recover. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    await this.#postmaster.end(mode === "fast" ? "SIGINT" : "SIGQUIT");
  }

  /** End all its processes at once, as if the machine had lost its power. */
  async kill(): Promise<void> {
    if (this.pid === undefined) return;
    await this.#postmaster.kill();
    await forgetSharedMemory(this.dataFolder);
  }

  /** End it and delete its folder. */
  async remove(): Promise<void> {
    await this.#postmaster.end("SIGQUIT");
    await this.place.caretaker.clear();
  }

  /** End it and leave its data. Answers where. */
  async keep(): Promise<string> {
    await this.#postmaster.end("SIGINT");
    const { disk, folder, dataFolder, user, caretaker } = this.place;
    if (disk !== undefined) {
      const copy = join(folder, "copy");
      await runToEnd("cp", ["-a", dataFolder, copy], user);
      await disk.unmount();
      rmdirSync(dataFolder);
      await runToEnd("mv", [copy, dataFolder], user);
    }
    await caretaker.keep();
    return dataFolder;
  }
}

/** Where a server's data are, who keeps them, and what runs on them. */
export interface Place {
  readonly port: number;
  readonly folder: string;
  readonly dataFolder: string;
  readonly password: string;
  readonly user: ServerUser | undefined;
  readonly binaries: Binaries;
  readonly caretaker: Caretaker;
  readonly disk: SmallDisk | undefined;
}

/** Make an empty database, start its server, and resolve when it accepts connections. */
export async function startServer(options: ServerOptions): Promise<PostgresServer> {
  const place = await makePlace(options, randomBytes(12).toString("hex"));
  try {
    await createCluster(place);
    return await PostgresServer.startAt(place, options.settings ?? {});
  } catch (error) {
    await place.caretaker.clear();
    throw error;
  }
}

/** A place without data. @param password of the superuser that they will have */
export async function makePlace(options: Omit<ServerOptions, "settings">, password: string): Promise<Place> {
  const { binFolder, parentFolder = tmpdir(), hasOwnDisk = false, port } = options;
  const user = serverUser();
  const folder = mkdtempSync(join(parentFolder, "millrace-postgres-"));
  const dataFolder = join(folder, "data");
  mkdirSync(dataFolder, { mode: 0o700 });
  chmodSync(folder, 0o755);
  if (user !== undefined) for (const each of [folder, dataFolder]) chownSync(each, user.uid, user.gid);
  const caretaker = hireCaretaker(dataFolder, folder, hasOwnDisk ? dataFolder : "");
  try {
    const binaries = binariesIn(binFolder, user, folder);
    const disk = hasOwnDisk ? await SmallDisk.mount(dataFolder, user) : undefined;
    return { port: port ?? (await freePort()), folder, dataFolder, password, user, binaries, caretaker, disk };
  } catch (error) {
    await caretaker.clear();
    throw error;
  }
}

/** Text sorts by its bytes, as in SQLite. The password keeps other users of the machine out. */
async function createCluster({
  binaries: { initdb, major },
  folder,
  dataFolder,
  password,
  user,
}: Place): Promise<void> {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const kind = ["--encoding=UTF8", "--locale=C", "--username=postgres"];
  const access = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  // Crews connect so often that the thousands of rounds would be felt.
  if (major >= 16) access.push("-c", "scram_iterations=1");
  await runToEnd(initdb, ["-D", dataFolder, ...kind, ...access, "--no-sync", "--no-instructions"], user);
}

/** The little that a server keeps in the memory of the system outlives its processes when they are killed. */
async function forgetSharedMemory(dataFolder: string): Promise<void> {
  // The seventh line of a running server's file: the key of the segment, and its id.
  const line = readFileSync(join(dataFolder, "postmaster.pid"), "utf8").split("\n")[6] ?? "";
  const id = /^\s*\d+\s+(\d+)/.exec(line)?.[1];
  // Where there is no such program, it is left to the system.
  if (id !== undefined) await run("ipcrm", ["-m", id]).catch(() => undefined);
}

function argumentsOf(settings: ServerSettings): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
