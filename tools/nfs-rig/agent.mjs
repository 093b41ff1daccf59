// `agent.mjs serve` runs in a guest and executes commands. `agent.mjs ask N 'command'` has guest N execute one.
//
// One connection is one command, one JSON object a line. To the guest: {command}, then {input} as often as there is any.
// From it: {pid}, {out} and {err} in base64, at the end {code, signal}. Who hangs up kills the command and its children.
import { spawn } from 'node:child_process'
import net from 'node:net'
import { createInterface } from 'node:readline'

const PORT = 7000
const [, , role, guest, command] = process.argv

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
  createInterface({ input: socket }).on('line', (line) => {
    const frame = JSON.parse(line)
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
  createInterface({ input: socket }).on('line', (line) => {
    const frame = JSON.parse(line)
    if (frame.out) process.stdout.write(Buffer.from(frame.out, 'base64'))
    if (frame.err) process.stderr.write(Buffer.from(frame.err, 'base64'))
    if ('code' in frame) process.exitCode = frame.code ?? 128
  })
}

if (role === 'serve') net.createServer(serve).listen(PORT, () => console.log('AGENT READY'))
else ask(net.connect(PORT, `10.77.0.1${guest}`))
