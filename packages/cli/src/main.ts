#!/usr/bin/env node
import { setTimeout } from 'node:timers'
import { run } from './run.js'

/** Time to end by itself, which takes some milliseconds. */
const LINGERING_MS = 1000

process.exitCode = await run(process.argv.slice(2))

// What can't be called off must not outlive the command: a host name that the resolver is still looking up, for example.
setTimeout(() => process.exit(), LINGERING_MS).unref()
