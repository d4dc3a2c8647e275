#!/usr/bin/env node
import { load } from './load.js';

const { runCtl } = await load('ctl', false);

process.exitCode = await runCtl(process.argv.slice(2), {
  variables: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
});
