import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileStore } from "./env.ts";
import type { Session } from "./session.ts";
import { storeText } from "./store-text.ts";

/**
 * Where this user's commands keep what belongs to a store and to nobody else: the locks of watchers, the tokens of jobs
 * that are held by hand. Made when it is not there; nobody else can read it.
 */
export function stateFolder(session: Session): string {
  const place = session.server()?.url ?? placeOf(session.storeTarget());
  const name = createHash("sha256").update(place).digest("hex").slice(0, 16);
  const folder = join(session.env.stateFolder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The same for every way to say it: a file by its whole path, a database without what opens it. */
function placeOf(target: string): string {
  const file = fileStore("");
  if (!target.startsWith(file)) return storeText(target);
  const path = resolve(target.slice(file.length));
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    // The store will say that its folder is not there.
    return path;
  }
}
