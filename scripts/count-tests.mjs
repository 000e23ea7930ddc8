// Prints `<passed> <failed>` of a vitest JSON report, then a line for each failure: its file, name and first line of why. A file
// that failed without a failed test in it (it did not load, or a hook threw) counts as one failure, and so does a report that
// is missing or holds no test.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const [passed, failures] = count(process.argv[2]);
console.log([`${passed} ${failures.length}`, ...failures].join("\n"));

function count(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return [0, [`no report: ${error.message}`]];
  }
  const { numPassedTests: passed, testResults } = report;
  const failures = testResults.flatMap(failuresOf);
  return [passed, passed + failures.length === 0 ? ["no tests"] : failures];
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") return [`${file}: ${firstLine(message)}`];
  return failed.map(
    ({ fullName, failureMessages }) => `${file} > ${fullName}: ${firstLine(failureMessages[0])}`,
  );
}

function firstLine(text = "") {
  return text.trim().split("\n", 1)[0];
}
