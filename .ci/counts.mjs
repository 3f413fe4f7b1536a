// Counts over Vitest's JSON reports: a test that failed in any of them has failed; a file that did not
// load, or a report that was never written, counts as one failure.
// Prints `passed failed`.

import { readFileSync } from 'node:fs';

const failedByName = new Map();
const note = (name, failed) => failedByName.set(name, failed || failedByName.get(name) === true);

for (const path of process.argv.slice(2)) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    note(path, true);
    continue;
  }
  for (const file of report.testResults) {
    const tests = file.assertionResults;
    for (const { fullName, status } of tests) {
      if (status === 'passed' || status === 'failed') {
        note(`${file.name} ${fullName}`, status === 'failed');
      }
    }
    if (file.status === 'failed' && !tests.some((one) => one.status === 'failed')) {
      note(file.name, true);
    }
  }
}

const outcomes = [...failedByName.values()];
const failed = outcomes.filter((one) => one).length;
console.log(outcomes.length - failed, failed);
