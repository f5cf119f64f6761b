import type { Server } from "node:http";

export type Held = Server;
