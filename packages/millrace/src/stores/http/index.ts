export { openHttp } from "./http-store.ts";
