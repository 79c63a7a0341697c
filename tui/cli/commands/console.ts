/** `aetherscale vm console`: this terminal becomes the guest's serial terminal. */
import type { Socket } from 'node:net'
import { printNote, type Io } from '../io.ts'
import type { Request } from '../request.ts'
import { holdTerminal } from './hold-terminal.ts'
import { withClient } from './session.ts'

/** ctrl-], as telnet(1) and virsh have it. */
const LEAVE = 0x1d
/** Milliseconds without output after which a console whose input has ended is left. */
const SILENCE = 2000

export async function runConsole({ io, globals, requests }: Request): Promise<number> {
  return withClient(io, globals, 'control', async (client) => {
    const { vm } = requests[0] as { vm: string }
    const { socket, early } = await client.upgrade('vm.console', { vm })
    const onTerminal = io.stdin.isTTY === true
    printNote(io, globals, `connected to ${vm}${onTerminal ? '; leave with ctrl-]' : ''}`)
    const release = onTerminal ? holdTerminal(io) : (): void => {}
    let reason: 'left' | 'silent' | 'ended'
    try {
      io.stdout.write(early)
      reason = await (onTerminal ? joinTerminal(socket, io) : joinPipe(socket, io))
    } finally {
      release()
      io.stdin.pause()
    }
    if (onTerminal) printNote(io, globals, reason === 'left' ? `\nleft ${vm}` : `\nthe console of ${vm} ended`)
    return 0
  })
}

/** Keys to the guest, up to the one that leaves. */
function joinTerminal(socket: Socket, io: Io): Promise<'left' | 'ended'> {
  return new Promise((resolve) => {
    io.stdin.on('data', (keys: Buffer) => {
      const leave = keys.indexOf(LEAVE)
      socket.write(leave < 0 ? keys : keys.subarray(0, leave))
      if (leave >= 0) resolve('left')
    })
    io.stdin.once('end', () => resolve('left'))
    socket.once('close', () => resolve('ended'))
    showOutput(socket, io)
  })
}

/** All of stdin to the guest; then what the guest still says, until it is silent. */
function joinPipe(socket: Socket, io: Io): Promise<'silent' | 'ended'> {
  return new Promise((resolve) => {
    let silence: NodeJS.Timeout | undefined
    io.stdin.once('end', () => (silence = setTimeout(() => resolve('silent'), SILENCE)))
    socket.on('data', () => silence?.refresh())
    socket.once('close', () => {
      clearTimeout(silence)
      resolve('ended')
    })
    io.stdin.pipe(socket, { end: false })
    showOutput(socket, io)
  })
}

/** The bytes as they are, control sequences and all: that is what a serial terminal is. A slow stdout slows the guest's line. */
function showOutput(socket: Socket, io: Io): void {
  socket.pipe(io.stdout, { end: false })
}
