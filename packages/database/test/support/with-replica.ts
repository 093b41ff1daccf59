import { REPLICA_FOR_TESTS, type TestOptions } from '../../src/file/options.js'

// Every file of this process has a replica, as on NFS.
;(globalThis as TestOptions)[REPLICA_FOR_TESTS] = { isDirect: false }
