// Loaded before Amazon's runtime in each environment, and in each of its worker threads.
'use strict'

const Module = require('node:module')
const { join } = require('node:path')
const { isMainThread } = require('node:worker_threads')

// The runtime's native client would have to be compiled. It gets one that speaks the same API over Node's own HTTP.
const resolve = Module._resolveFilename
Module._resolveFilename = (request, ...rest) =>
  request === './rapid-client.node' ? join(__dirname, 'rapid-client.cjs') : resolve.call(Module, request, ...rest)

// Ctrl-C in a terminal reaches every process of its group, and Lambda has no Ctrl-C: who started the environment ends it.
if (isMainThread) process.on('SIGINT', () => undefined)
