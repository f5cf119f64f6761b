export { createHandler, type Handler, type HandlerOptions } from "./create-handler.ts";
export type { AuthOptions } from "./auth.ts";
export type { Limits } from "./limits.ts";
export { serveHttp, type HttpServer, type ServeOptions } from "./serve.ts";
export { nodeListener } from "./node-listener.ts";
export type { WebhookOptions } from "./webhooks/webhooks.ts";
