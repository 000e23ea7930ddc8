import { type Command, Option } from "commander";
import { type CatOptions, runCat } from "./commands/cat.ts";
import { type ExtractCommandOptions, runExtract } from "./commands/extract.ts";
import { type GetOptions, runGet } from "./commands/get.ts";
import { type IndexCommandOptions, runIndex } from "./commands/index-archive.ts";
import { runInfo } from "./commands/info.ts";
import { type LsOptions, type ReportOptions, runLs } from "./commands/ls.ts";
import { type MapOptions, runMap } from "./commands/map.ts";
import { type PlanOptions, runPlan } from "./commands/plan.ts";
import type { CommandContext } from "./output.ts";
import { collectOption, POLICIES, type SourceOptions } from "./source-options.ts";

type Add = (usage: string, description: string) => Command;

const INDEX = ["--index <file>", "open from an index of the archive, which the command index wrote"] as const;

const FIRST = [
  "--first",
  "of members of one name the first, for exact names; a compressed tar is read no further than that",
] as const;

/** Adds the verbs that read a file, and the options that all of them share. */
export function addReaders(program: Command, context: CommandContext): void {
  const add: Add = (usage, description) =>
    program
      .command(usage)
      .description(description)
      .argument("<url>", "an http(s) URL, or the path of a local file")
      .option("--json", "print JSON")
      .option("--receipt", "say what it cost: requests, bytes moved, share of the file")
      .addOption(
        new Option("--policy <policy>", "how freely bytes are spent for time; default balanced").choices(
          POLICIES,
        ),
      )
      .option("--max-bytes <n>", "receive at most n bytes; also nK, nM, nG (powers of 1,024)")
      .option("--cache <dir>", "keep what is read in this directory, for later runs; 'none' keeps nothing")
      .option("--header <line>", "send 'Name: value' along; may be given several times", collectOption)
      .option("--quiet", "show no progress, and say nothing of what was done but errors");
  add("info", "name, size, identity and type of a file, from one request").action(
    (url: string, options: ReportOptions & SourceOptions) => runInfo(url, options, context),
  );
  addLooking(add, context);
  addWriting(add, context);
  addCosts(add, context);
}

/** Verbs that print what is in a file. */
function addLooking(add: Add, context: CommandContext): void {
  add("ls", "list what is in an archive: a zip from one request as a rule, a tar from its headers")
    .option("-l, --long", "kinds, modes, stored sizes, checksums and targets of links as well")
    .option("-R, --recursive", "also what is in archives in it, and in those")
    .option("--max-depth <n>", "with --recursive: how deep to go, at most 16; default 16")
    .option("--ndjson", "print one JSON object a line")
    .option(...INDEX)
    .action((url: string, options: LsOptions) => runLs(url, options, context));
  add("cat", "write a file, members of an archive, or a part of either to standard output")
    .argument("[members...]", "names as ls prints them, or patterns as extract takes them")
    .option("--range <a-b>", "bytes a to b, both included, as in HTTP and curl; also a- and -n")
    .option("--head <n>", "the first n bytes, or as many as there are")
    .option("--tail <n>", "the last n bytes, or as many as there are")
    .option(...FIRST)
    .option(...INDEX)
    .action((url: string, members: string[], options: CatOptions) =>
      runCat(url, { ...options, members }, context),
    );
}

/** Verbs that write files. */
function addWriting(add: Add, context: CommandContext): void {
  add(
    "get",
    "download a file over several connections; whole under its name or not at all; run again, it goes on",
  )
    .option("-o, --output <file>", "write it there, - for standard output; else named as the URL ends")
    .option("--overwrite", "replace the file or link that is there")
    .option("--sha256 <hex>", "give it its name only where this is its SHA-256")
    .option("--restart", "forget what an earlier run left")
    .action((url: string, options: GetOptions) => runGet(url, options, context));
  add("extract", "write members of an archive as files, whole or not at all; run again, it goes on")
    .argument(
      "[members...]",
      "names, folders or patterns: * ? [a-z] in a folder, ** across folders; all where none",
    )
    .requiredOption("-d, --directory <dir>", "where to write; made where it is missing")
    .option("--overwrite", "replace files that are there and differ")
    .option("--skip-unsafe", "leave unsafe names out; without it one such is refused, and nothing is written")
    .option("--links", "make symlinks, those that stay inside; without it they are left out")
    .option(...FIRST)
    .option("--local-names", "take every name that this file system takes, not those alone that all do")
    .option(...INDEX)
    .action((url: string, members: string[], options: ExtractCommandOptions) =>
      runExtract(url, { ...options, members }, context),
    );
  add("index", "where each member of an archive lies and what it is, as JSON for --index")
    .option("-o, --output <file>", "write it there, - for standard output, as where it is left out")
    .option("--overwrite", "replace the file that is there")
    .action((url: string, options: IndexCommandOptions) => runIndex(url, options, context));
}

/** Verbs that tell what reading costs. */
function addCosts(add: Add, context: CommandContext): void {
  add("plan", "what would be fetched for a file, parts of it or members of an archive; fetches none of that")
    .argument("[members...]", "names, folders or patterns, as extract takes them")
    .option("--range <a-b>", "as cat takes it; several with commas, or given several times", collectOption)
    .option(...INDEX)
    .action((url: string, members: string[], options: PlanOptions) =>
      runPlan(url, { ...options, members }, context),
    );
  add("map", "what lies where in a file, and what was fetched of it; as text or as a picture")
    .argument("[members...]", "read these first, as extract takes them")
    .option("--range <a-b>", "read these parts of the file first, as plan takes them", collectOption)
    .option("--svg <file>", "write a picture, - to standard output")
    .option("--overwrite", "replace the picture that is there")
    .option(...INDEX)
    .action((url: string, members: string[], options: MapOptions) =>
      runMap(url, { ...options, members }, context),
    );
}
