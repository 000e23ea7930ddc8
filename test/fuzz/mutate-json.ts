import type { Random } from "../chaos/random.ts";
import { mutate } from "./mutate.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a reader may not expect in the place of anything. */
const STRANGE: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1,
  0.5,
  512,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  "",
  "0",
  "../x",
  "%",
  [],
  [null],
  {},
];

/** Another JSON document: between one and a few values changed, left out, doubled or put elsewhere. */
export function mutateJson(document: Json, random: Random): Json {
  let changed = document;
  do changed = change(changed, random);
  while (random.chance(0.3));
  return changed;
}

function change(value: Json, random: Random): Json {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.95)) return changeList(value, random);
  if (typeof value === "object" && value !== null && random.chance(0.95)) {
    return Object.fromEntries(changeFields(Object.entries(value as Record<string, Json>), random));
  }
  if (typeof value === "string" && random.chance(0.9)) return changeText(value, random);
  if (typeof value === "number" && random.chance(0.6)) {
    return value + random.pick([-512, -1, 1, 2, 512, -value, value, 2 ** 32]);
  }
  return random.pick(STRANGE);
}

function changeList(list: readonly Json[], random: Random): Json[] {
  const index = random.whole(0, list.length - 1);
  const item = list[index] as Json;
  const before = list.slice(0, index);
  const after = list.slice(index + 1);
  if (random.chance(0.8)) return [...before, change(item, random), ...after];
  return random.pick([
    [...before, ...after],
    [...before, item, item, ...after],
    [...after, item, ...before],
  ]);
}

type Field = [key: string, value: Json];

function changeFields(fields: readonly Field[], random: Random): Field[] {
  if (fields.length === 0) return [["extra", random.pick(STRANGE)]];
  const index = random.whole(0, fields.length - 1);
  const [key, value] = fields[index] as Field;
  const others = fields.filter((_, other) => other !== index);
  if (random.chance(0.85)) return [...others, [key, change(value, random)]];
  return random.pick<Field[]>([
    others,
    [...others, [random.pick(fields)[0], value]],
    [...fields, ["__proto__", value]],
    [...fields, ["url", "http://127.0.0.1:1/"]],
  ]);
}

/** JSON and base64 within a text are changed within. */
function changeText(text: string, random: Random): Json {
  if (/^[[{]/.test(text)) return JSON.stringify(change(JSON.parse(text), random));
  if (text.length > 20 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+=*$/.test(text)) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const mutated = mutate({ name: "base64", bytes, places: [] }, random);
    return btoa(String.fromCharCode(...mutated));
  }
  return random.pick([`${text}x`, text.slice(1), text.toUpperCase(), ...STRANGE]);
}
