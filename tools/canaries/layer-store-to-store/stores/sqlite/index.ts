export { store } from "../postgres/index.ts";
