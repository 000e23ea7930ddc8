import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LaunchOptions } from "playwright";

const root = join(import.meta.dirname, "..", "..");

// Not the arguments that @sparticuz/chromium recommends: they turn the same-origin policy off, and every CORS test
// would then prove nothing.
const ARGS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * How to launch the Chromium that tests run in: the one npm delivered, unpacked at first use into `node_modules/.cache`,
 * or the executable that the environment variable `RANGE_STREAMS_CHROMIUM` names.
 */
export function chromiumLaunchOptions(): LaunchOptions {
  const executablePath = process.env["RANGE_STREAMS_CHROMIUM"];
  if (executablePath) return { executablePath, args: ARGS };
  const directory = unpackedChromium();
  const libraries = [join(directory, "al2023", "lib"), process.env["LD_LIBRARY_PATH"]]
    .filter(Boolean)
    .join(":");
  const env = {
    ...definedEnvironment(),
    LD_LIBRARY_PATH: libraries,
    FONTCONFIG_FILE: fontConfiguration(directory),
  };
  return { executablePath: join(directory, "chromium"), args: ARGS, env };
}

function unpackedChromium(): string {
  const { version } = JSON.parse(
    readFileSync(join(root, "node_modules/@sparticuz/chromium/package.json"), "utf8"),
  ) as { version: string };
  const cache = join(root, "node_modules", ".cache");
  const directory = join(cache, `chromium-${version}`);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  // Unpacked aside and renamed, because a second run that starts meanwhile would take a half-written file for whole.
  const aside = mkdtempSync(`${directory}-`);
  try {
    execFileSync(process.execPath, [join(root, "scripts/unpack-chromium.mjs")], {
      env: { ...process.env, TMPDIR: aside, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    renameSync(aside, directory);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}

/**
 * The delivered configuration names folders of AWS Lambda; without any font Chromium ends itself as soon as a page has a field.
 * Ours names the fonts that came with it first, so that text looks alike on every machine, and then those of the system.
 */
function fontConfiguration(directory: string): string {
  const path = `${directory}-fonts.conf`;
  if (existsSync(path)) return path;
  const aside = `${path}-${process.pid}`;
  const folders = [join(directory, "fonts"), "/usr/share/fonts", "/usr/local/share/fonts"];
  const prefer = (family: string, font: string) =>
    `<alias><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  const lines = [
    ...folders.map((folder) => `<dir>${folder}</dir>`),
    `<cachedir>${directory}-fonts</cachedir>`,
    ...["sans-serif", "system-ui", "Arial"].map((family) => prefer(family, "Open Sans")),
    prefer("monospace", "DejaVu Sans Mono"),
  ];
  writeFileSync(
    aside,
    `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n${lines.join("\n")}\n</fontconfig>\n`,
  );
  renameSync(aside, path);
  return path;
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => !!pair[1]),
  );
}
