import type { Verb, VerbOption } from "./describe-verbs.ts";

/** For bash 3.2 or newer, without the package bash-completion. */
export function formatBash(verbs: readonly Verb[]): string {
  const names = verbs.map(({ name }) => name).join(" ");
  return `# bash completion for range-streams; written by: range-streams completion bash
_range_streams() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) ;;
      *) verb="$word"; break ;;
    esac
  done
  case "$verb" in
    "") COMPREPLY=($(compgen -W "${names} --help --version" -- "$cur")); return ;;
${verbs.map(formatVerb).join("\n")}
  esac
}
complete -o filenames -F _range_streams range-streams
`;
}

function formatVerb({ name, options, choices }: Verb): string {
  const words = options.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
  const values = options.filter(({ value }) => value !== undefined).map(formatValue);
  const argument =
    choices.length > 0
      ? `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$cur"))`
      : `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`;
  return `    ${name})
      case "$prev" in
${values.map((line) => `        ${line}\n`).join("")}      esac
      case "$cur" in
        -*) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur")) ;;
        *) ${argument} ;;
      esac ;;`;
}

function formatValue({ short, long, value }: VerbOption): string {
  const flags = short === undefined ? long : `${short}|${long}`;
  if (value !== undefined && value.choices.length > 0) {
    return `${flags}) COMPREPLY=($(compgen -W "${value.choices.join(" ")}" -- "$cur")); return ;;`;
  }
  if (value?.kind === "text") return `${flags}) return ;;`;
  const action = value?.kind === "directory" ? "-d" : "-f";
  return `${flags}) local IFS=$'\\n'; COMPREPLY=($(compgen ${action} -- "$cur")); return ;;`;
}
