export const store = "sqlite";
