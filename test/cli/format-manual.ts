import type { Command } from "commander";
import { EXAMPLES } from "../../src/cli/examples.ts";
import { EXIT_MEANINGS } from "../../src/cli/exit-codes.ts";

/** The manual page of the command, for man(7), made from the very tree that parses the command line. */
export function formatManual(program: Command): string {
  const lines = [
    '.\\" Written by: npm run manual',
    '.TH RANGE-STREAMS 1 "" "range-streams" "User Commands"',
    ".SH NAME",
    "range\\-streams \\- read anywhere in a remote file without downloading it",
    ".SH SYNOPSIS",
    ...program.commands.flatMap((command) => [
      `.B range\\-streams ${escapeRoff(command.name())}`,
      escapeRoff(command.usage()),
      ".br",
    ]),
    ".SH DESCRIPTION",
    "Exactly those bytes of one identified version of a file, or an error; never partial, never mixed, never fabricated. A URL is",
    "http or https; wherever one is read, the path of a local file does as well.",
    ".SH COMMANDS",
    ...program.commands.flatMap(describeVerb),
    ".SH EXIT STATUS",
    ...[...EXIT_MEANINGS].flatMap(([code, meaning]) => [".TP", `.B ${code}`, escapeRoff(meaning)]),
    ".SH ENVIRONMENT",
    ".TP",
    ".B NO_COLOR",
    "Nothing is ever colored; progress is shown on a terminal alone.",
    ".SH FILES",
    ".TP",
    ".IR FILE .part,\\ FILE .part.json",
    "What get has of a file so far, and which of it was verified.",
  ];
  return `${lines.join("\n")}\n`;
}

function describeVerb(command: Command): string[] {
  const name = command.name();
  return [
    `.SS ${escapeRoff(`${name} ${command.usage()}`)}`,
    escapeRoff(`${command.description()}.`),
    ...command.registeredArguments.flatMap((argument) => [
      ".TP",
      `.I ${escapeRoff(argument.name())}`,
      escapeRoff(argument.description),
    ]),
    ...command.options.flatMap(({ flags, description, argChoices }) => [
      ".TP",
      `.B ${escapeRoff(flags)}`,
      escapeRoff(argChoices === undefined ? description : `${description} (${argChoices.join(", ")})`),
    ]),
    ...(EXAMPLES[name] ?? []).flatMap(([args, does]) => [
      ".PP",
      escapeRoff(`${does}:`),
      ".PP",
      ".nf",
      escapeRoff(`    range-streams ${name} ${args}`.trimEnd()),
      ".fi",
    ]),
  ];
}

/** A dash that can be copied, no escape of roff's own, and no line that it takes for a request (groff(7)). */
function escapeRoff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
