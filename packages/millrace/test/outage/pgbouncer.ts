import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../src/verify/faults/free-port.ts";
import { serverUser } from "../../src/verify/faults/server/server-user.ts";

/** Where Debian puts it, which is on nobody's PATH but root's. */
const PLACES = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
const READY = "process up";

/** Runs the program $1 with its settings $2 until it ends, or our end of the input is closed, by us or by our death. */
const SCRIPT = `
  exec 3<&0
  "$1" "$2" & pid=$!
  { while read -r _ <&3; do :; done; kill -KILL $pid; } &
  wait $pid
`;

/** The program; `undefined` where it is not installed. */
export function findPgBouncer(): string | undefined {
  return PLACES.map((place) => join(place, "pgbouncer")).find((path) => existsSync(path));
}

export interface PgBouncer {
  /** The address of the same database by way of the pooler. */
  readonly url: string;
  end(): Promise<void>;
}

/**
 * A pooler in transaction mode in front of a server: each transaction may go through another of its few connections.
 * @param connectionCount of the server, for all clients together
 */
export async function startPgBouncer(program: string, serverUrl: string, connectionCount: number): Promise<PgBouncer> {
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), "millrace-pgbouncer-"));
  const { port, username, password, pathname } = new URL(serverUrl);
  const listenPort = await freePort();
  const database = pathname.slice(1);
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: listenPort,
    unix_socket_dir: "",
    auth_type: "trust",
    auth_file: join(folder, "users.txt"),
    pool_mode: "transaction",
    default_pool_size: connectionCount,
    max_client_conn: 200,
    // After a server that could not be reached it would wait for fifteen seconds.
    server_login_retry: 1,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const way = `host=127.0.0.1 port=${port} user=${username} password=${password}`;
  writeFileSync(join(folder, "users.txt"), `"${username}" "${password}"\n`);
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    ["[databases]", `${database} = ${way}`, "[pgbouncer]", ...lines, ""].join("\n"),
  );
  chmodSync(folder, 0o700);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const child = spawn("/bin/sh", ["-c", SCRIPT, "millrace-pooler", program, join(folder, "pgbouncer.ini")], {
    cwd: "/",
    stdio: ["pipe", "ignore", "pipe"],
    ...user,
  });
  await untilReady(child);
  const url = new URL(serverUrl);
  url.port = String(listenPort);
  return {
    url: url.href,
    async end() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when it says that it is up; rejects with what it said when it ends instead. */
async function untilReady(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      if (line.includes(READY)) resolve(undefined);
    });
  }
  child.once("error", reject);
  child.once("exit", () => reject(new Error(`pgbouncer did not start:\n${said.join("\n")}`)));
  await promise;
}
