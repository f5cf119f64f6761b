// Without its prefix it is the same module.
import { setTimeout } from "timers/promises";

export const sleep = setTimeout;
