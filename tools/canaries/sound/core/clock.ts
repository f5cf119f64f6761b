export type Clock = () => Date;

// Words in strings and comments are not imports: import "../runtime/worker.ts";
export const NOTE = 'import "../stores/sqlite/index.ts"';
