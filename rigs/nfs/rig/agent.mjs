// `agent.mjs serve` runs in a guest and executes commands. `agent.mjs ask N 'command'` has guest N execute one. `agent.mjs clock N`
// sets its clock: a guest that boots on a busy machine is late by half a second, and more.
//
// One connection is one command, one JSON object a line. To the guest: {command}, then {input} as often as there is any.
// From it: {pid}, {out} and {err} in base64, at the end {code, signal}. Who hangs up kills the command and its children.
// {setForwardMs} sets the guest's clock forward, if it is not 0, and is answered with {nowMs}.
import { execFileSync, spawn } from 'node:child_process'
import net from 'node:net'
import { createInterface } from 'node:readline'

const PORT = 7000
const CLOCK_WITHIN_MS = 50
const [, , role, guest, command] = process.argv

/** Hears of each line that comes in. Readline repeats the socket's own errors. */
const onLine = (socket, listener) =>
  createInterface({ input: socket })
    .on('line', listener)
    .on('error', () => {})

function serve(socket) {
  const send = (frame) => socket.writable && socket.write(`${JSON.stringify(frame)}\n`)
  let child
  socket.on('error', () => {})
  socket.on('close', () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It ended in this very moment.
    }
  })
  onLine(socket, (line) => {
    const frame = JSON.parse(line)
    if ('setForwardMs' in frame) {
      if (frame.setForwardMs !== 0) execFileSync('date', ['-s', `@${(Date.now() + frame.setForwardMs) / 1000}`])
      send({ nowMs: Date.now() })
      return
    }
    if ('input' in frame) {
      child.stdin.write(frame.input)
      return
    }
    child = spawn('/bin/bash', ['-c', frame.command], { cwd: process.env.TMPDIR, detached: true })
    send({ pid: child.pid })
    child.stdin.on('error', () => {})
    child.stdout.on('data', (data) => send({ out: data.toString('base64') }))
    child.stderr.on('data', (data) => send({ err: data.toString('base64') }))
    child.on('close', (code, signal) => {
      send({ code, signal })
      socket.end()
    })
  })
}

function ask(socket) {
  process.exitCode = 255
  socket.on('error', (error) => console.error(`guest ${guest}: ${error.message}`))
  socket.write(`${JSON.stringify({ command })}\n`)
  onLine(socket, (line) => {
    const frame = JSON.parse(line)
    if (frame.out) process.stdout.write(Buffer.from(frame.out, 'base64'))
    if (frame.err) process.stderr.write(Buffer.from(frame.err, 'base64'))
    if ('code' in frame) process.exitCode = frame.code ?? 128
  })
}

function setClock(socket) {
  let [askedAt, isSet, tries] = [0, false, 0]
  const setForward = (setForwardMs) => {
    askedAt = Date.now()
    isSet = setForwardMs !== 0
    socket.write(`${JSON.stringify({ setForwardMs })}\n`)
  }
  socket.on('error', (error) => console.error(`guest ${guest}: ${error.message}`))
  onLine(socket, (line) => {
    const behindMs = (askedAt + Date.now()) / 2 - JSON.parse(line).nowMs
    // What setting takes says nothing of the clock: it is looked at anew.
    if (isSet) setForward(0)
    else if (Math.abs(behindMs) < CLOCK_WITHIN_MS || ++tries > 20) socket.end()
    else setForward(behindMs)
  })
  setForward(0)
}

if (role === 'serve') net.createServer(serve).listen(PORT, () => console.log('AGENT READY'))
else if (role === 'clock') setClock(net.connect(PORT, `10.77.0.1${guest}`))
else ask(net.connect(PORT, `10.77.0.1${guest}`))
