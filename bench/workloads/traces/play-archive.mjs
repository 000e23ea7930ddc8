import { SegmentFile } from "../files/segment-file.mjs";
import { check, mustBe } from "./check.mjs";

// What is done with an archive: `wanted` are the members whose bytes are needed; `total` what `progress.done` comes to.

export const zipPlays = {
  /** Opens and reads one member. */
  one: (index) => (file) => readSome(file, [file.members[index]]),
  /** Opens and reads every member, all asked at once. */
  all: (file) => readSome(file, file.members),
  /** Opens and reads the members of these numbers, all asked at once. */
  some: (indices) => (file) =>
    readSome(
      file,
      indices.map((index) => file.members[index]),
    ),
  /** Names and sizes of all members. */
  list: (file) => ({
    wanted: [],
    total: file.members.length,
    async play(archive, progress) {
      const entries = archive.list();
      mustBe(entries.length === file.members.length, `${entries.length} entries`);
      for (const [index, { name, size }] of entries.entries()) {
        const member = file.members[index];
        mustBe(name === member.name && size === member.size, `entry ${index} is ${name}, ${size}`);
      }
      progress.done = entries.length;
    },
  }),
  /** One large member, chunk by chunk. */
  big: (index) => (file) => {
    const member = file.members[index];
    return {
      wanted: [member],
      total: member.size,
      async play(archive, progress) {
        const content = new SegmentFile([member.content]);
        await archive.stream(member.name, (chunk) => {
          check(content, { start: progress.done, end: progress.done + chunk.length }, chunk);
          progress.done += chunk.length;
        });
        mustBe(progress.done === member.size, `${progress.done} bytes instead of ${member.size}`);
      },
    };
  },
};

function readSome(file, wanted) {
  return {
    wanted,
    total: wanted.length,
    async play(archive, progress) {
      const names = wanted.map(({ name }) => name);
      const answers = await (archive.readMany?.(names) ??
        Promise.all(names.map((name) => archive.bytes(name))));
      for (const [index, { size, content }] of wanted.entries())
        check(new SegmentFile([content]), { start: 0, end: size }, answers[index]);
      progress.done = answers.length;
    },
  };
}

/** The whole file, chunk by chunk, in order. */
export async function playDownload(download, { file, progress }) {
  await download((chunk) => {
    check(file, { start: progress.done, end: progress.done + chunk.length }, chunk);
    progress.done += chunk.length;
  });
  mustBe(progress.done === file.size, `${progress.done} bytes instead of ${file.size}`);
}
