export { CALL_KINDS, type CallKind, type Fault, FaultControl, type Seen } from './control.js'
export { type Recorded, readRecording } from './recording.js'
export { buildShim, type Preloaded, preloaded, type Shim } from './shim.js'
