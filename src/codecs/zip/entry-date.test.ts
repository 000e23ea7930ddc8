import { describe, expect, it } from "vitest";
import { extraField, pack } from "../../../test/zip/build-zip.ts";
import { parseDosDate, readEntryDate } from "./entry-date.ts";

const date = (year: number, month: number, day: number): number => ((year - 1980) << 9) | (month << 5) | day;
const time = (hours: number, minutes: number, seconds: number): number =>
  (hours << 11) | (minutes << 5) | (seconds >> 1);

describe("the date of a zip entry", () => {
  it("reads an MS-DOS date as UTC, so that one archive lists alike everywhere", () => {
    const parsed = parseDosDate(date(2024, 2, 29), time(23, 59, 58));
    expect(parsed?.toISOString()).toBe("2024-02-29T23:59:58.000Z");
    expect(parseDosDate(date(2107, 12, 31), 0)?.toISOString()).toBe("2107-12-31T00:00:00.000Z");
  });

  it.each([
    ["no date at all", 0, 0],
    ["day 0", date(2024, 5, 0), 0],
    ["month 0", date(2024, 0, 5), 0],
    ["month 13", date(2024, 13, 5), 0],
    ["30 February", date(2024, 2, 30), 0],
    ["29 February of a common year", date(2023, 2, 29), 0],
    ["hour 24", date(2024, 5, 5), time(24, 0, 0)],
    ["minute 60", date(2024, 5, 5), time(0, 60, 0)],
    ["second 60", date(2024, 5, 5), time(0, 0, 60)],
  ])("has none for %s", (_name, dosDate, dosTime) => {
    expect(parseDosDate(dosDate, dosTime)).toBeUndefined();
  });

  it("prefers an extended timestamp, also one before 1970", () => {
    const stamped = (seconds: number): Date | undefined =>
      readEntryDate({
        dosDate: date(2024, 1, 1),
        dosTime: 0,
        extra: extraField(0x5455, pack([1, 1], [4, seconds])),
      });
    expect(stamped(1_700_000_000)?.toISOString()).toBe("2023-11-14T22:13:20.000Z");
    expect(stamped(2 ** 32 - 1)?.toISOString()).toBe("1969-12-31T23:59:59.000Z");
  });

  it("reads an extended timestamp beyond January 2038 where the MS-DOS date says that it is one", () => {
    const stamped = (seconds: number, year: number): string | undefined =>
      readEntryDate({
        dosDate: date(year, 6, 1),
        dosTime: 0,
        extra: extraField(0x5455, pack([1, 1], [4, seconds])),
      })?.toISOString();
    expect(stamped(2_524_608_001, 2050)).toBe("2050-01-01T00:00:01.000Z");
    expect(stamped(4_000_000_000, 2096)).toBe("2096-10-02T07:06:40.000Z");
    // Info-ZIP gives 1980 to what is older than MS-DOS knows.
    expect(stamped(2_524_608_001, 1980)).toBe("1913-11-25T17:31:45.000Z");
  });

  it("falls back where an extended timestamp holds no modification time", () => {
    const fallback = { dosDate: date(2024, 1, 1), dosTime: 0 };
    for (const data of [pack([1, 2], [4, 1_700_000_000]), pack([1, 1])]) {
      const parsed = readEntryDate({ ...fallback, extra: extraField(0x5455, data) });
      expect(parsed?.toISOString()).toBe("2024-01-01T00:00:00.000Z");
    }
  });
});
