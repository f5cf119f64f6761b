import type { Migration } from "../../sql/migration.ts";
import { membership } from "./0001-membership.ts";
import { server } from "./0002-server.ts";

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [membership, server];
