export { fileOfConnection, planMigrations } from "./database.ts";
export { openSqlite, type SqliteOptions } from "./sqlite-store.ts";
