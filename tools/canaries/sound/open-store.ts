export const openStore = async (): Promise<unknown> => import("./stores/sqlite/index.ts");
