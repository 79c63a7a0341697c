/** One request over a connection of its own. */
import { connect } from 'node:net'

const SOCKET = '/run/aetherscale/control.sock'
const WITHIN_MS = 120_000

export interface Vm {
  readonly id: string
  readonly state: string
  readonly operation?: string
  readonly networks: readonly { readonly kind: string }[]
  readonly pid?: number
  readonly problem?: string
}

/** `name_` is the error's name in the table; absent where the connection ended without an answer. */
export interface Failure extends Error {
  readonly name_?: string
}

export function call(method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: SOCKET, timeout: WITHIN_MS })
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const line of text.split('\n').slice(0, -1)) {
        const { id, result, error } = JSON.parse(line) as { id?: number; result?: unknown; error?: { message: string; data?: { name: string } } }
        if (id !== 1) continue
        socket.destroy()
        if (error) reject(Object.assign(new Error(`${method}: ${error.message}`), { name_: error.data?.name }))
        else resolve(result)
      }
    })
    socket.on('timeout', () => socket.destroy(new Error(`${method}: no answer within ${WITHIN_MS / 1000} s`)))
    socket.on('error', reject)
    socket.on('close', () => {
      reject(new Error(`${method}: cut`))
    })
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
  })
}
