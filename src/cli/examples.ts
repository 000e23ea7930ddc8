/** One use of a verb: its arguments, and what they do. */
export type Example = readonly [args: string, does: string];

/** What the help of each verb and the manual show; `URL` stands for a URL or a path. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  info: [
    ["URL", "name, size, identity and type, from one request"],
    ["URL --json", "the same, for programs"],
  ],
  ls: [
    ["URL", "sizes, dates, methods and names"],
    ["URL -l", "kinds, modes, stored sizes and checksums as well"],
    ["URL -R", "also what is in archives in it"],
    ["URL --ndjson", "one JSON object a line"],
  ],
  cat: [
    ["URL notes.txt", "one member, decoded and checked"],
    ["URL 'logs/*.txt'", "all that a pattern means, one after the other"],
    ["URL --range 0-99", "the first 100 bytes of the file: both ends are included"],
    ["URL notes.txt --tail 1000", "the end of a member"],
  ],
  get: [
    ["URL", "into the directory you are in; run again after a break, it goes on"],
    ["URL -o big.bin --sha256 DIGEST", "the name appears only where this is its SHA-256"],
    ["URL -o - | tar x", "to standard output"],
  ],
  extract: [
    ["URL -d out", "all members"],
    ["URL 'photos/**/*.jpg' -d out", "what a pattern means"],
    ["URL notes.txt --first -d out", "the first of that name; a compressed tar is read no further"],
  ],
  index: [["URL -o x.json", "then `ls URL --index x.json` opens without a request"]],
  plan: [
    ["URL notes.txt", "what reading this member would cost"],
    ["URL --range 0-99,5000-5999", "what reading these bytes would cost"],
  ],
  map: [
    ["URL", "members, directory and gaps, and what listing them fetched"],
    ["URL notes.txt --svg map.svg", "reads a member, and draws what was fetched for it"],
  ],
  doctor: [
    ["URL", "what this server does right and wrong"],
    ["URL --origin https://app.example", "also what a page of this origin may read"],
  ],
  explore: [
    ["URL", "opens the page on this file"],
    ["./large.zip", "a file of yours; it goes nowhere"],
  ],
  completion: [
    ["bash > ~/.local/share/bash-completion/completions/range-streams", "for bash"],
    ["zsh > ~/.zfunc/_range-streams", "for zsh, where ~/.zfunc is in fpath"],
    ["fish > ~/.config/fish/completions/range-streams.fish", "for fish"],
  ],
  demo: [
    ["", "ranges, a zip and a PNG, read on loopback"],
    ["--explore", "then its zip in the explorer"],
  ],
};

/** The end of a verb's help. */
export function formatExamples(verb: string): string {
  const examples = EXAMPLES[verb] ?? [];
  const lines = examples.map(([args, does]) => `  # ${does}\n  range-streams ${verb} ${args}`.trimEnd());
  return lines.length === 0 ? "" : `\nExamples:\n${lines.join("\n")}`;
}
