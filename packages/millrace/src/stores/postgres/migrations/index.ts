import type { Migration } from "../../sql/migration.ts";
import { membership } from "./0001-membership.ts";

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [membership];
