export const store = "postgres";
