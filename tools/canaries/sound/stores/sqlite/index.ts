import Database from "better-sqlite3";
import { mkdirSync } from "node:fs";
import type { Job } from "../../core/job.ts";

export const openSqlite = (job: Job): unknown[] => [job, mkdirSync, Database];
