/**
 * `npm test`: makes the checkout ready, finds (or on Debian and Ubuntu installs) the browser and
 * the database that some tests need, runs the tests, and says what was not tested and why, and
 * where the pictures of the pages are. Arguments go to vitest; `--all` adds the long parts.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMain, root, run, tool } from './run.mjs'
import { setup } from './setup.mjs'
import { findTestPrograms } from './test-programs.mjs'

function test(args) {
  setup()
  const { env, untested } = findTestPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'saoma-test-'))
  const report = join(folder, 'report.json')
  const screenshots = process.env.SAOMA_SCREENSHOTS || join(root, '.screenshots')
  try {
    const status = run(
      process.execPath,
      [
        tool('vitest'),
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...args.filter((arg) => arg !== '--all'),
      ],
      {
        env: {
          ...process.env,
          ...env,
          SAOMA_SCREENSHOTS: screenshots,
          ...(args.includes('--all') && { SAOMA_TEST_ALL: '1' }),
        },
      },
    )
    for (const line of untested) console.log(`Not tested: ${line}`)
    if (existsSync(screenshots)) console.log(`Pictures of the pages: ${screenshots}`)
    console.log(count(report))
    return status
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One line with the numbers of vitest's own report. */
function count(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return 'Nothing was counted: vitest ended before its report.'
  }
  // A file that cannot be loaded has no tests to fail; it must not read as `0 failed`.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  for (const { name } of broken) console.log(`Could not be run, counted as failed: ${name}`)
  const failed = report.numFailedTests + broken.length
  const skipped = report.numPendingTests + report.numTodoTests
  return `${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`
}

if (isMain(import.meta.url)) process.exitCode = test(process.argv.slice(2))
