import { readFileSync } from "node:fs";

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const NAMES = ["postgres", "nobody"];
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/** Whom the server runs as: PostgreSQL refuses to be root. `undefined` is whoever runs us. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of NAMES) {
    const [, , uid, gid] = users.find(([each]) => each === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return NOBODY;
}
