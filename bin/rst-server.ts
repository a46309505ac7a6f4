#!/usr/bin/env node
import '../src/cli/run.ts';
