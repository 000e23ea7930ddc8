import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { warmParser } from "./warm-parser.node.ts";

const seen: string[] = [];
const note = (_message: unknown, channel: string | symbol): void => void seen.push(String(channel));

it("has one answer read, once a process, and leaves nothing open", async () => {
  const sockets = (): string[] => process.getActiveResourcesInfo().filter((name) => /socket|tcp/i.test(name));
  const before = sockets();
  subscribe("undici:request:trailers", note);
  subscribe("undici:request:error", note);
  try {
    warmParser();
    warmParser();
    await vi.waitFor(() => expect(seen).toEqual(["undici:request:trailers"]));
    await delay(20);
    expect(seen.length).toBe(1);
    expect(sockets()).toEqual(before);
  } finally {
    unsubscribe("undici:request:trailers", note);
    unsubscribe("undici:request:error", note);
  }
});
