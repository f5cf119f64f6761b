import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

export type RedisSync = "always" | "everysec";

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 5_000;
const running = new Set<ChildProcess>();

/** The version of the `redis-server` on the PATH, or `null`. */
export function redisVersion(): string | null {
  const { stdout } = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  return /v=([\d.]+)/.exec(stdout ?? "")?.[1] ?? null;
}

/** A Redis of our own: loopback, a free port, an append-only file in the folder of the run. */
export async function startRedis(folder: string, sync: RedisSync): Promise<RedisServer> {
  const port = await freePort();
  const dir = join(folder, "redis");
  await mkdir(dir);
  const options = { port, bind: "127.0.0.1", dir, save: "", appendonly: "yes", appendfsync: sync };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn("redis-server", args, { stdio: "ignore" });
  running.add(server);
  const exited = new Promise<void>((resolve) => {
    server.on("exit", () => {
      running.delete(server);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    // Nothing in it is wanted any more.
    server.kill("SIGKILL");
    await exited;
  };
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (server.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error("redis-server did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, stop };
}

/** End what still runs: the run was interrupted. */
export function endRedis(): void {
  for (const server of running) server.kill("SIGKILL");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}

async function answers(port: number): Promise<boolean> {
  const reply = await askRedis(port, "PING").catch(() => "");
  return reply.startsWith("+PONG");
}

/** What a Redis says to a command, as it says it; for short replies. */
export function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => void socket.write(`${command}\r\n`));
    socket.on("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.on("error", reject);
  });
}
