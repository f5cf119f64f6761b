import { randomBytes } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { OptionsError, StoreError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";
import { fileDisk, refuseWithoutLimits } from "./file-disk.ts";
import type { Ground, GroundOptions } from "./ground.ts";

/** A new SQLite file beside the one that the URL names, on the same disk; that one is never opened. */
export function layFile({ store, faults, chance, victims }: GroundOptions): Ground {
  const file = newNameBeside(fileOf(store));
  const url = `sqlite:${file}`;
  const hasDisk = faults.includes("disk");
  if (hasDisk) refuseWithoutLimits();
  return {
    url,
    ownUrl: url,
    hasOwnClock: false,
    faults: hasDisk ? [fileDisk(file, victims, chance)] : [],
    end: (hasFailed) => {
      if (hasFailed) return Promise.resolve(url);
      for (const ending of ["", "-wal", "-shm"]) rmSync(`${file}${ending}`, { force: true });
      return Promise.resolve(null);
    },
  };
}

/** `./shop.db` → `./shop-verify-1f0c….db`. @throws StoreError when the folder is not there */
function newNameBeside(file: string): string {
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StoreError("store_unavailable", `${folder} is no folder; the drive's own file is made beside ${file}`);
  }
  const ending = extname(file);
  return join(folder, `${basename(file, ending)}-verify-${randomBytes(4).toString("hex")}${ending}`);
}

function fileOf(store: string): string {
  if (store === "memory:" || store === "sqlite::memory:") {
    throw new OptionsError(
      `${show(store)} lies in the memory of one process, and a drive has many; name a file: "sqlite:./millrace.db"`,
    );
  }
  const rest = /^sqlite:(?:\/\/)?(?<file>[^?]+)$/.exec(store)?.groups?.["file"];
  if (rest !== undefined) return rest;
  throw new OptionsError(
    `${show(store)} names no store to verify; expected "sqlite:./millrace.db", "postgres://user@host/database" or "https://host:7337"`,
  );
}
