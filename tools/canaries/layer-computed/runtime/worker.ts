export const open = async (name: string): Promise<unknown> => import(`../stores/${name}/index.ts`);
