/** PURE: user-data as cloud-init reads it ("User-Data Formats" of its documentation). */
import { isMap, parseDocument } from 'yaml'
import { UserError } from '../../policy/errors.ts'
import { renderBoothook, renderRenewal, wrap } from './boothook.ts'

/**
 * Throws USER_DATA_INVALID for what cloud-init could not read as a cloud-config. What the keys in it mean is for the guest's
 * version of cloud-init to say.
 */
export function checkCloudConfig(text: string): void {
  if (!/^#cloud-config[ \t]*\r?(\n|$)/.test(text)) {
    throw invalid('its first line is not "#cloud-config"', 'A script is given as the init script; of user-data, cloud-config alone is taken')
  }
  // cloud-init's reader is of YAML 1.1, and lets the last of two equal keys win.
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, logLevel: 'silent' })
  const [error] = document.errors
  if (error) throw invalid(`it is not YAML: ${error.message.split('\n')[0] ?? ''}`, 'Check it: cloud-init schema --config-file FILE')
  if (document.contents !== null && !isMap(document.contents)) throw invalid('it is YAML, but no mapping of keys to values')
}

function invalid(why: string, hint?: string): UserError {
  return new UserError('USER_DATA_INVALID', `The user-data is no cloud-config: ${why}`, { field: 'userData', ...(hint !== undefined && { hint }) })
}

interface Told {
  readonly instanceId: string
  readonly isCopy: boolean
  /** The init script. */
  readonly script?: string | undefined
  readonly cloudConfig?: string | undefined
}

/** What cloud-init is given: all that there is of a cloud-config, a script, and the renewal of a copy. */
export function composeUserData({ instanceId, isCopy, script, cloudConfig }: Told): string {
  const parts = [
    ...(isCopy ? [{ type: 'text/cloud-boothook', text: renderRenewal(instanceId) }] : []),
    ...(cloudConfig === undefined ? [] : [{ type: 'text/cloud-config', text: cloudConfig }]),
    ...(script === undefined ? [] : [{ type: 'text/cloud-boothook', text: renderBoothook(instanceId, script) }]),
  ]
  const [first] = parts
  if (!first) return '#cloud-config\n{}\n'
  return parts.length === 1 ? first.text : composeMultipart(parts)
}

/** A boundary that base64 cannot contain. */
const BOUNDARY = '=-aetherscale-part-='

function composeMultipart(parts: readonly { readonly type: string; readonly text: string }[]): string {
  const lines = [
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    'MIME-Version: 1.0',
    '',
    ...parts.flatMap(({ type, text }) => [
      `--${BOUNDARY}`,
      `Content-Type: ${type}; charset="utf-8"`,
      'MIME-Version: 1.0',
      'Content-Transfer-Encoding: base64',
      '',
      wrap(Buffer.from(text).toString('base64')),
    ]),
    `--${BOUNDARY}--`,
    '',
  ]
  return lines.join('\n')
}
