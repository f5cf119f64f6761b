#!/usr/bin/env node
import { openStore } from "../index.ts";

await openStore();
