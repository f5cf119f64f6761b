import Database from "better-sqlite3";
import { watchPulse } from "../sql/watch-pulse.ts";
import { isBusy } from "./errors.ts";

const PROLONG = `UPDATE millrace_running SET lease_until = max(lease_until, @until) WHERE worker = @worker`;

const databases = new Map<string, Database.Database>();

watchPulse<{ readonly file: string }>(({ id, leaseMs, place: { file } }) => {
  try {
    const timeout = Math.min(Math.floor(leaseMs / 3), 5_000);
    const db = databases.get(file) ?? new Database(file, { fileMustExist: true, timeout });
    databases.set(file, db);
    db.prepare(PROLONG).run({ worker: id, until: Date.now() + leaseMs });
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return false;
  }
});
