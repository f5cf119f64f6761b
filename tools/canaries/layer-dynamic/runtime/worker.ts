export const open = async (): Promise<unknown> => import("../stores/sqlite/index.ts");
