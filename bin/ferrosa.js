#!/usr/bin/env node
// Needs `npm run build` first.
import { main } from '../dist/src/cli/main.js';

await main(process.argv.slice(2));
