import type { Verb, VerbOption } from "./describe-verbs.ts";

/** For zsh: a file named `_range-streams` in a directory of `fpath`. */
export function formatZsh(verbs: readonly Verb[]): string {
  const described = verbs.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`);
  return `#compdef range-streams
# zsh completion for range-streams; written by: range-streams completion zsh
_range_streams() {
  local -a verbs
  verbs=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands verb verbs
    _arguments '--help[display help]' '--version[print the version]'
    return
  fi
  local verb="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$verb" in
${verbs.map(formatVerb).join("\n")}
  esac
}
if [[ "$funcstack[1]" == _range-streams ]]; then
  _range_streams "$@"
else
  compdef _range_streams range-streams
fi
`;
}

function formatVerb({ name, options, choices }: Verb): string {
  const specs = options.map(formatOption);
  const argument = choices.length > 0 ? `'1:shell:(${choices.join(" ")})'` : "'*:file:_files'";
  return `    ${name}) _arguments -s \\\n${[...specs, argument].map((spec) => `      ${spec}`).join(" \\\n")} ;;`;
}

/** `'(-o --output)'{-o,--output}'[what it does]:value:_files'`. */
function formatOption({ short, long, description, value }: VerbOption): string {
  const help = `[${description.replace(/[[\]\\:]/g, "\\$&")}]`;
  const rest = quote(help + formatValue(value));
  return short === undefined ? `${long}${rest}` : `'(${short} ${long})'{${short},${long}}${rest}`;
}

function formatValue(value: VerbOption["value"]): string {
  if (value === undefined) return "";
  if (value.choices.length > 0) return `:value:(${value.choices.join(" ")})`;
  const actions = { file: "_files", directory: "_files -/", text: "" };
  return `:value:${actions[value.kind]}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
