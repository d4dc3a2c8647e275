#!/usr/bin/env node
import { runCtl } from '../dist/src/cli/ctl.js';

process.exitCode = await runCtl(process.argv.slice(2), {
  variables: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
});
