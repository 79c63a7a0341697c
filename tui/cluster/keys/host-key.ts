/** The key of this host: made at its first start, and its own for good. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { HostKeyFile } from '../../../policy/broker/files.ts'
import { ClusterError } from '../cluster-error.ts'
import { publicKeyOf, type PublicKey } from './key-text.ts'
import { makePrivately, readOwnFile } from '../../private-file.ts'

export interface HostKey {
  /** Ed25519, private. */
  readonly signing: KeyObject
  /** X25519, private. */
  readonly sealing: KeyObject
  readonly public: PublicKey
}

export function generateHostKey(): HostKey {
  return hostKeyOf(generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('x25519').privateKey)
}

/**
 * Reads the key in `folder`, `broker/` of the configuration folder; makes one where there is none.
 *
 * @throws ClusterError where it cannot be used: a new one in its place would be refused by the hosts that have pinned the old
 */
export function openHostKey(folder: string): HostKey {
  const path = join(folder, 'host-key.json')
  const text = readKey(path) ?? make(path)
  try {
    const { signing, sealing } = HostKeyFile.parse(JSON.parse(text))
    const key = hostKeyOf(createPrivateKey(signing), createPrivateKey(sealing))
    if (key.signing.asymmetricKeyType === 'ed25519' && key.sealing.asymmetricKeyType === 'x25519') return key
  } catch {
    // what is wrong with it could have a part of the key in its words
  }
  throw new ClusterError('failed', `${path} holds no key of a host`, { hint: 'remove it, and another one is made, which other hosts have to pin anew' })
}

function readKey(path: string): string | undefined {
  let file
  try {
    file = readOwnFile(path)
  } catch (cause) {
    throw new ClusterError('failed', `${path}, the private key of this host: ${(cause as Error).message}`, { cause })
  }
  if (file?.exposed === undefined) return file?.text
  throw new ClusterError('denied', `${path}, the private key of this host: ${file.exposed}`, { hint: `chmod 600 ${path}; if somebody has read it, remove it and have the new key pinned` })
}

function make(path: string): string {
  const { signing, sealing } = generateHostKey()
  const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string
  const file: HostKeyFile = { version: 1, signing: pem(signing), sealing: pem(sealing) }
  makePrivately(path, `${JSON.stringify(file, null, 2)}\n`)
  return readKey(path) ?? ''
}

function hostKeyOf(signing: KeyObject, sealing: KeyObject): HostKey {
  return { signing, sealing, public: publicKeyOf(createPublicKey(signing), createPublicKey(sealing)) }
}
