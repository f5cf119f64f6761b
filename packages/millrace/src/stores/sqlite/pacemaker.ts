import { Pacemaker } from "../sql/pacemaker.ts";

// Unbuilt, this file and the thread's are TypeScript, which Node runs as it is.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** Keeps the leases of this process's workers on SQLite files. Nothing runs before a worker is added. */
export const pacemaker = new Pacemaker<{ readonly file: string }>(
  new URL(`./pacemaker-thread.${extension}`, import.meta.url),
);
