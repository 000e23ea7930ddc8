// Prints `<passed> <failed>` of a vitest JSON report. A file that failed without a failed test in it (it did not load,
// or a hook threw) counts as one failure, and so does a report that is missing or holds no test.
import { readFileSync } from "node:fs";

console.log(count(process.argv[2]).join(" "));

function count(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return [0, 1];
  }
  const { numPassedTests: passed, numFailedTests, testResults } = report;
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  return [passed, passed + failed === 0 ? 1 : failed];
}
