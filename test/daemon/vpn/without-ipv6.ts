/**
 * A program for tests: chooses a port from FIRST to LAST on a host without IPv6, and prints it. A seccomp filter of its own
 * makes socket(2) answer as a kernel does that was booted with ipv6.disable=1.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import koffi from 'koffi'
import { createPortChooser } from '../../../daemon/vpn/ports.ts'

const [AF_INET6, EAFNOSUPPORT] = [10, 97]
const PR_SET_SECCOMP = 22
const PR_SET_NO_NEW_PRIVS = 38
const SECCOMP_MODE_FILTER = 2
const socketNumber = process.arch === 'x64' ? 41 : 198

// struct sock_filter { u16 code; u8 jt, jf; u32 k } and struct seccomp_data { int nr; u32 arch; u64 ip; u64 args[6] }
const filter = Buffer.concat(
  [
    [0x20, 0, 0, 0], // load nr
    [0x15, 0, 3, socketNumber], // other calls: allow
    [0x20, 0, 0, 16], // load args[0], the lower half on little endian
    [0x15, 0, 1, AF_INET6],
    [0x06, 0, 0, 0x0005_0000 + EAFNOSUPPORT], // SECCOMP_RET_ERRNO
    [0x06, 0, 0, 0x7fff_0000], // SECCOMP_RET_ALLOW
  ].map(([code = 0, whenTrue = 0, whenFalse = 0, k = 0]) => {
    const step = Buffer.alloc(8)
    step.writeUInt16LE(code, 0)
    step.writeUInt8(whenTrue, 2)
    step.writeUInt8(whenFalse, 3)
    step.writeUInt32LE(k, 4)
    return step
  }),
)
const libc = koffi.load('libc.so.6')
koffi.struct('sock_fprog', { len: 'uint16', filter: 'uint8 *' })
const setNumber = libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)') as (...values: number[]) => number
const setFilter = libc.func('int prctl(int option, ulong mode, sock_fprog *program)') as (option: number, mode: number, program: object) => number
if (setNumber(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('PR_SET_NO_NEW_PRIVS')
if (setFilter(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: filter.length / 8, filter }) !== 0) throw new Error('PR_SET_SECCOMP')

const [error] = await once(createSocket('udp6').bind(0).once('listening', () => { throw new Error('there is IPv6') }), 'error')
if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error

const [first, last] = process.argv.slice(2).map(Number)
if (first === undefined || last === undefined) throw new Error('usage: without-ipv6.ts FIRST LAST')
const { port } = await createPortChooser({ first, last }).choose(new Set())
process.stdout.write(`${port}\n`)
