import type { Verb, VerbOption } from "./describe-verbs.ts";

/** For fish. */
export function formatFish(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap((verb) => [
    `complete -c range-streams -n __fish_use_subcommand -f -a ${verb.name} -d ${quote(verb.description)}`,
    ...(verb.choices.length > 0 ? [`${forVerb(verb)} -f -a ${quote(verb.choices.join(" "))}`] : []),
    ...verb.options.map((option) => `${forVerb(verb)} ${formatOption(option)}`),
  ]);
  return `# fish completion for range-streams; written by: range-streams completion fish
complete -c range-streams -n __fish_use_subcommand -f -l version -d 'print the version'
complete -c range-streams -n __fish_use_subcommand -f -l help -s h -d 'display help'
${lines.join("\n")}
`;
}

function forVerb({ name }: Verb): string {
  return `complete -c range-streams -n '__fish_seen_subcommand_from ${name}'`;
}

function formatOption({ short, long, description, value }: VerbOption): string {
  const flags = short === undefined ? `-l ${long.slice(2)}` : `-s ${short.slice(1)} -l ${long.slice(2)}`;
  return `${flags}${formatValue(value)} -d ${quote(description)}`;
}

function formatValue(value: VerbOption["value"]): string {
  if (value === undefined) return "";
  if (value.choices.length > 0) return ` -x -a ${quote(value.choices.join(" "))}`;
  if (value.kind === "directory") return ` -x -a '(__fish_complete_directories)'`;
  return value.kind === "file" ? " -r -F" : " -x";
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
